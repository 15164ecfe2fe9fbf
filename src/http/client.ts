import type { Act, ActAnswer } from '../domain/act.ts';
import type { DrillStep, QuarantineRecord, ReadingRecord, ReadingsQuery } from '../domain/api.ts';
import { formatDuration } from '../domain/duration.ts';
import type { HygieneReport, ReportRange } from '../domain/hygiene.ts';
import type { OutputCommand } from '../domain/output.ts';
import type { WhyReport } from '../domain/why.ts';
import type { WhyNotQuery, WhyNotReport } from '../domain/why-not.ts';
import { answersAt } from './socket-path.ts';
import { exchange, readJson, readLines, type Exchange } from './transport.ts';
import type { AlertJson, StatusJson, WatchLine } from './wire.ts';

export type { AlertJson, OutputJson, StatusJson, WatchLine } from './wire.ts';

// An act waits for its commit; with a stalled disk that is for ever.
const answerWithinMs = 30_000;

/** The API of a running Limen, over its socket. Every method throws the `LimenError` that the other side threw. */
export interface LimenClient {
  status(): Promise<StatusJson>;
  alerts(all: boolean): Promise<readonly AlertJson[]>;
  /** A refusal is an answer, not an error. */
  act(act: Act): Promise<ActAnswer>;
  /** The same for an output. */
  command(command: OutputCommand): Promise<ActAnswer>;
  /** In order of seq, in batches as they arrive. */
  readings(query: ReadingsQuery): AsyncIterable<readonly ReadingRecord[]>;
  countReadings(query: ReadingsQuery): Promise<number>;
  quarantined(): Promise<readonly QuarantineRecord[]>;
  why(wanted: string): Promise<WhyReport>;
  whyNot(query: WhyNotQuery): Promise<WhyNotReport>;
  report(query: ReportRange): Promise<HygieneReport>;
  drill(rule: string): AsyncIterable<readonly DrillStep[]>;
  /** Live lines until the loop is left, the signal aborts (which throws) or Limen stops. */
  watch(options: {
    readonly alertsOnly: boolean;
    readonly signal?: AbortSignal;
  }): AsyncIterable<readonly WatchLine[]>;
  users(): Promise<readonly string[]>;
  setUser(name: string, password: string): Promise<void>;
  removeUser(name: string): Promise<void>;
}

/** The client of the Limen that answers on this socket; null if nobody answers. */
export async function connectLimen(socketPath: string): Promise<LimenClient | null> {
  return (await answersAt(socketPath)) ? createClient(socketPath) : null;
}

function createClient(socketPath: string): LimenClient {
  const ask = async <T>(options: Exchange): Promise<T> =>
    readJson<T>(await exchange(socketPath, options));
  const get = <T>(path: string): Promise<T> =>
    ask<T>({ method: 'GET', path, timeoutMs: answerWithinMs });
  const stream = async function* <T>(options: Exchange): AsyncGenerator<readonly T[]> {
    yield* readLines<T>(await exchange(socketPath, options));
  };
  return {
    status: () => get('status'),
    alerts: (all) => get(`alerts?all=${all}`),
    act: (act) =>
      ask({
        method: 'POST',
        path: `alerts/${act.act === 'acknowledge' ? 'ack' : act.act}`,
        body: actBody(act),
        timeoutMs: answerWithinMs,
      }),
    command: (command) =>
      ask({
        method: 'POST',
        path: `outputs/${command.act}`,
        body: commandBody(command),
        timeoutMs: answerWithinMs,
      }),
    readings: (query) => stream({ method: 'GET', path: `readings${queryText(query)}` }),
    async countReadings(query) {
      const { count } = await ask<{ count: number }>({
        method: 'GET',
        path: `readings/count${queryText(query)}`,
      });
      return count;
    },
    quarantined: () => get('readings/quarantined'),
    why: (wanted) => get(`why?of=${encodeURIComponent(wanted)}`),
    whyNot: ({ rule, point, atMs }) => {
      const parameters = new URLSearchParams({ rule, point, at: String(atMs) });
      return get(`why-not?${parameters.toString()}`);
    },
    report: (query) => get(`report${queryText({ point: null, ...query })}`),
    drill: (rule) => stream({ method: 'POST', path: 'drill', body: { rule } }),
    watch: ({ alertsOnly, signal }) =>
      stream({
        method: 'GET',
        path: `watch?alerts=${alertsOnly}`,
        ...(signal === undefined ? {} : { signal }),
      }),
    users: () => get('users'),
    async setUser(name, password) {
      const path = `users/${encodeURIComponent(name)}`;
      const response = await exchange(socketPath, {
        method: 'PUT',
        path,
        body: { password },
        timeoutMs: answerWithinMs,
      });
      response.resume();
    },
    async removeUser(name) {
      const path = `users/${encodeURIComponent(name)}`;
      const response = await exchange(socketPath, {
        method: 'DELETE',
        path,
        timeoutMs: answerWithinMs,
      });
      response.resume();
    },
  };
}

function actBody(act: Act): Record<string, unknown> {
  const { rule, device, metric } = act.alert;
  const target = { rule, device, metric, id: act.id, by: act.by, comment: act.comment };
  switch (act.act) {
    case 'acknowledge':
    case 'reset':
    case 'unshelve':
      return target;
    case 'shelve':
      return act.forMs === null
        ? { ...target, one_shot: true }
        : { ...target, for: formatDuration(act.forMs) };
    case 'service':
      return { ...target, in: act.in };
  }
}

function commandBody(command: OutputCommand): Record<string, unknown> {
  const { output, by, comment } = command;
  const target = { output, by, comment };
  if (command.act === 'reset') return target;
  const { value, holdMs } = command;
  return { ...target, value, ...(value === 'auto' ? {} : { hold_for: formatDuration(holdMs) }) };
}

function queryText(query: ReadingsQuery): string {
  const parameters = new URLSearchParams();
  if (query.point !== null) parameters.set('point', query.point);
  if (query.fromMs !== null) parameters.set('from', String(query.fromMs));
  if (query.toMs !== null) parameters.set('to', String(query.toMs));
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
