import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { readShelving, type Act, type ActTarget, type Ask } from '../domain/act.ts';
import type { AlertKey } from '../domain/alert.ts';
import type { DrillStep, Health, LimenApi } from '../domain/api.ts';
import { LimenError } from '../domain/error.ts';
import { readSetting, type OutputCommand } from '../domain/output.ts';
import type { Log } from '../host/log.ts';
import { readBody } from './body.ts';
import { isLoopbackHost } from '../domain/loopback.ts';
import { streamBatches } from './ndjson.ts';
import { problemResponse } from './problem.ts';
import {
  parseFlag,
  parseReadingsQuery,
  parseReportQuery,
  parseWanted,
  parseWhyNotQuery,
} from './query.ts';
import { streamWatch } from './watch.ts';
import { statusJson } from './wire.ts';

type Routes = Hono<{ Bindings: HttpBindings }>;

export interface RouteOptions {
  readonly api: LimenApi;
  readonly log: Log;
  /** Ends of the live streams of one listener. */
  readonly endings: Set<() => void>;
}

/** Everything: what the unix socket serves. Who may open the socket may do all of it. */
export function createSocketRoutes(options: RouteOptions): Routes {
  const { api, log, endings } = options;
  const routes = createHealthRoutes(options);

  routes.get('/api/v1/status', (c) => c.json(statusJson(api.status())));
  routes.get('/api/v1/alerts', (c) => c.json(api.alerts(parseFlag('all', c.req.query('all')))));
  for (const [path, read] of Object.entries(actReaders)) {
    routes.post(`/api/v1/alerts/${path}`, async (c) =>
      c.json(await api.act(await read(c.req.raw))),
    );
  }

  for (const [path, read] of Object.entries(commandReaders)) {
    routes.post(`/api/v1/outputs/${path}`, async (c) =>
      c.json(await api.command(await read(c.req.raw))),
    );
  }

  routes.get('/api/v1/readings', (c) =>
    streamBatches(api.readings(parseReadingsQuery(c.req.query())), c.env.outgoing, log),
  );
  routes.get('/api/v1/readings/count', async (c) =>
    c.json({ count: await api.countReadings(parseReadingsQuery(c.req.query())) }),
  );
  routes.get('/api/v1/readings/quarantined', (c) => c.json(api.quarantined()));

  routes.get('/api/v1/why', async (c) => c.json(await api.why(parseWanted(c.req.query('of')))));
  routes.get('/api/v1/why-not', async (c) =>
    c.json(await api.whyNot(parseWhyNotQuery(c.req.query()))),
  );
  routes.get('/api/v1/report', async (c) =>
    c.json(await api.report(parseReportQuery(c.req.query()))),
  );

  routes.post('/api/v1/drill', async (c) => {
    const { rule } = await readBody(c.req.raw, { rule: 'required' });
    return streamBatches(eachAlone(api.drill(rule)), c.env.outgoing, log);
  });
  routes.get('/api/v1/watch', (c) => {
    const alertsOnly = parseFlag('alerts', c.req.query('alerts'));
    return streamWatch({ api, endings, alertsOnly, outgoing: c.env.outgoing });
  });

  routes.get('/api/v1/users', (c) => c.json(api.users()));
  routes.put('/api/v1/users/:name', async (c) => {
    const { password } = await readBody(c.req.raw, { password: 'required' });
    await api.setUser(c.req.param('name'), password);
    return c.body(null, 204);
  });
  routes.delete('/api/v1/users/:name', async (c) => {
    await api.removeUser(c.req.param('name'));
    return c.body(null, 204);
  });
  return routes;
}

/** What the TCP listener serves: nothing that acts, as nobody has logged in there. */
export function createPublicRoutes(options: RouteOptions): Routes {
  return createHealthRoutes(options, (host) => {
    // A page of a foreign site can make a browser ask a loopback port under that site's own name (DNS rebinding).
    if (isLoopbackHost(host)) return;
    throw new LimenError(
      'invalid',
      `Host "${host}" is not served here; use http://localhost or http://127.0.0.1`,
    );
  });
}

function createHealthRoutes(
  { api, log }: RouteOptions,
  checkHost?: (host: string) => void,
): Routes {
  const routes: Routes = new Hono();
  routes.onError((error) => problemResponse(error, log));
  routes.notFound((c) =>
    problemResponse(
      new LimenError('not_found', `There is no ${c.req.method} ${c.req.path} here`),
      log,
    ),
  );
  if (checkHost !== undefined) {
    routes.use(async (c, next) => {
      checkHost(c.req.header('host') ?? '');
      await next();
    });
  }
  routes.get('/healthz', () => healthResponse(api.health()));
  routes.get('/readyz', () => healthResponse(api.readiness()));
  routes.get('/metrics', (c) =>
    c.text(api.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4' }),
  );
  return routes;
}

function healthResponse(health: Health): Response {
  return Response.json(health, {
    status: health.ok ? 200 : 503,
    headers: { 'cache-control': 'no-store' },
  });
}

const target = {
  rule: 'required',
  device: 'required',
  metric: 'required',
  by: 'required',
  comment: 'optional',
} as const;
// Whoever acts on an occurrence through the API has seen it; it must be the one that is meant.
const seen = { ...target, id: 'required' } as const;
// A flag may be set before there is anything to see.
const unseen = { ...target, id: 'optional' } as const;

/** How the body of an act is read, by the last part of its path. */
const actReaders: Readonly<Record<string, (request: Request) => Promise<Act>>> = {
  ack: async (request) => actOf({ act: 'acknowledge' }, await readBody(request, seen)),
  reset: async (request) => actOf({ act: 'reset' }, await readBody(request, seen)),
  async shelve(request) {
    const body = await readBody(request, { ...unseen, for: 'optional', one_shot: 'optional_flag' });
    const ask = readShelving({ for: body.for, oneShot: body.one_shot ?? false });
    if (typeof ask === 'string') throw new LimenError('invalid', `Request body: ${ask}`);
    return actOf(ask, body);
  },
  unshelve: async (request) => actOf({ act: 'unshelve' }, await readBody(request, unseen)),
  async service(request) {
    const body = await readBody(request, { ...unseen, in: 'flag' });
    return actOf({ act: 'service', in: body.in }, body);
  },
};

const commanded = { output: 'required', by: 'required', comment: 'optional' } as const;

/** The same for outputs. A request is answered at once: it is never old. */
const commandReaders: Readonly<Record<string, (request: Request) => Promise<OutputCommand>>> = {
  async set(request) {
    const shape = { ...commanded, value: 'required', hold_for: 'optional' } as const;
    const { value, hold_for: holdFor, ...rest } = await readBody(request, shape);
    const ask = readSetting({ value, holdFor });
    if (typeof ask === 'string') throw new LimenError('invalid', `Request body: ${ask}`);
    return { ...ask, ...rest, sentAt: null, order: null };
  },
  async reset(request) {
    const body = await readBody(request, commanded);
    return { act: 'reset', ...body, sentAt: null, order: null };
  },
};

function actOf(ask: Ask, body: AlertKey & Omit<ActTarget, 'alert'>): Act {
  const { rule, device, metric, id, by, comment } = body;
  return { ...ask, alert: { rule, device, metric }, id, by, comment };
}

async function* eachAlone(steps: AsyncIterable<DrillStep>): AsyncGenerator<readonly DrillStep[]> {
  for await (const step of steps) yield [step];
}
