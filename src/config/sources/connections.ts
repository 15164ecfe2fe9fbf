import { resolve } from 'node:path';
import type { Config, Listen } from '../../domain/config.ts';
import { isLoopback, readAddress, readWebUrl } from './addresses.ts';
import { embedded } from './brokers.ts';
import { checkReference, readDuration, readLine, readText, type Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote } from '../text/problem.ts';
import type { SalvagedConfig } from '../text/shape.ts';
import { checkTopic } from './topics.ts';

/** Where Limen listens for MQTT clients. */
export function readListeners(context: Context, input: SalvagedConfig): readonly Listen[] {
  const texts = input.broker?.listen ?? ['mqtt://127.0.0.1:1883'];
  return texts.flatMap((text, index): Listen[] => {
    const path = ['broker', 'listen', index];
    const line = text === undefined ? null : readLine(context, path, text);
    if (line === null) return [];
    const address = readAddress(context, path, line, {
      schemes: ['mqtt', 'ws'],
      laterSchemes: ['mqtts', 'wss'],
      example: 'mqtt://127.0.0.1:1883',
    });
    if (address === null) return [];
    const { host, port, scheme } = address;
    if (scheme === 'mqtt') return [{ scheme, host, port: port ?? 1883 }];
    if (port !== null) return [{ scheme: 'ws', host, port }];
    context.report.problem(path, {
      message: `${quote(line)} has no port`,
      allowed: 'ws://host:port, such as ws://127.0.0.1:9001',
    });
    return [];
  });
}

/** Where the page and the API listen. */
export function readHttp(context: Context, input: SalvagedConfig): Config['http'] {
  const fallback = { host: '127.0.0.1', port: 8080 };
  const path = ['http', 'listen'];
  const text = input.http?.listen;
  const line = text === undefined ? null : readLine(context, path, text);
  if (line === null) return fallback;
  const example = 'http://127.0.0.1:8080';
  const address = readAddress(context, path, line, {
    schemes: ['http'],
    laterSchemes: ['https'],
    example,
  });
  if (address === null) return fallback;
  const { host, port } = address;
  if (isLoopback(host)) return { host, port: port ?? fallback.port };
  context.report.problem(path, {
    message: `${quote(host)} can be reached from other machines: not in this version of Limen`,
    allowed: 'an address of this machine alone: 127.0.0.1, [::1] or localhost',
    suggestion: `http://127.0.0.1:${port ?? fallback.port}`,
  });
  return fallback;
}

/** Two listeners cannot share a port. */
export function checkPorts(
  context: Context,
  listeners: readonly Listen[],
  http: Config['http'],
): void {
  const taken = [http];
  for (const [index, { host, port }] of listeners.entries()) {
    const other = taken.find(
      (listener) => port !== 0 && listener.port === port && meet(listener.host, host),
    );
    if (other !== undefined) {
      context.report.problem(['broker', 'listen', index], {
        message: `${other.host}:${port} is taken by another listener`,
        allowed: 'a port of its own',
      });
    }
    taken.push({ host, port });
  }
}

// A listener on every address leaves no address of that port to another one.
function meet(a: string, b: string): boolean {
  const everywhere = ['0.0.0.0', '::'];
  return a === b || everywhere.includes(a) || everywhere.includes(b);
}

/** What Limen publishes, and where. */
export function readPublish(
  context: Context,
  input: SalvagedConfig,
  brokerNames: readonly string[],
): Config['publish'] {
  const prefixPath = ['publish', 'prefix'];
  const prefixValue = input.publish?.prefix;
  const prefix = prefixValue === undefined ? null : readLine(context, prefixPath, prefixValue);
  const isSound = prefix !== null && checkTopic(context, prefixPath, prefix);
  const to: string[] = [];
  for (const [index, value] of (input.publish?.to ?? [embedded]).entries()) {
    if (value === undefined) continue;
    const path = ['publish', 'to', index];
    const name = readText(context, path, value);
    if (!checkReference(context, path, { kind: 'broker', name, known: [embedded, ...brokerNames] }))
      continue;
    if (to.includes(name)) {
      context.report.problem(path, {
        message: `${quote(name)} stands twice`,
        allowed: 'each broker once',
      });
    }
    to.push(name);
  }
  return { prefix: isSound ? prefix : 'limen', to };
}

/** Where the data is kept. */
export function readStorage(context: Context, input: SalvagedConfig): Config['storage'] {
  const path = ['storage', 'directory'];
  const text = input.storage?.directory ?? '../data';
  const directory = readLine(context, path, text) ?? '../data';
  const commitDelayMs = readDuration(
    context,
    ['storage', 'commit_delay'],
    input.storage?.commit_delay,
    { min: 0, max: configLimits.commitDelayMsMax },
  );
  return {
    directory: resolve(context.directory, directory),
    commitDelayMs: commitDelayMs ?? 250,
  };
}

/** The sign of life, if one is wanted. */
export function readHeartbeat(context: Context, input: SalvagedConfig): Config['heartbeat'] {
  const { heartbeat } = input;
  if (heartbeat === undefined || heartbeat === null) return null;
  const everyPath = ['heartbeat', 'every'];
  const everyMs = readDuration(context, everyPath, heartbeat.every, { min: 1_000 }) ?? 300_000;
  if (heartbeat.url === undefined) return null;
  const path = ['heartbeat', 'url'];
  const url = readWebUrl(context, path, readText(context, path, heartbeat.url));
  return url === null ? null : { url, everyMs };
}
