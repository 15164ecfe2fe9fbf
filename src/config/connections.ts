import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Config, Listen, NamedBroker } from '../domain/config.ts';
import { messageOf } from '../domain/error.ts';
import { isLoopback, readAddress, readWebUrl } from './addresses.ts';
import {
  checkName,
  checkReference,
  readDuration,
  readLine,
  readText,
  type Context,
} from './context.ts';
import { configLimits } from './limits.ts';
import { quote, type Path } from './problem.ts';
import type { SalvagedConfig } from './shape.ts';
import { checkTopic } from './topics.ts';

/** The name of Limen's own broker where brokers are named. */
export const embedded = 'embedded';

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
  const taken = new Set([`${http.host}:${http.port}`]);
  for (const [index, { host, port }] of listeners.entries()) {
    const address = `${host}:${port}`;
    if (port !== 0 && taken.has(address)) {
      const path = ['broker', 'listen', index];
      context.report.problem(path, {
        message: `${address} is taken by another listener`,
        allowed: 'a port of its own',
      });
    }
    taken.add(address);
  }
}

/** Brokers that already run. Their names count as known even if an entry is wrong. */
export function readBrokers(context: Context, input: SalvagedConfig): readonly NamedBroker[] {
  return Object.entries(input.brokers ?? {}).flatMap(([name, broker]) => {
    const path = ['brokers', name];
    checkName(context, path);
    if (name === embedded) {
      context.report.problem(path, {
        message: 'the name "embedded" is taken by the broker inside Limen',
        allowed: 'any other name',
        atKey: true,
      });
    }
    if (broker === undefined) return [];
    const url =
      broker.url === undefined ? null : readBrokerUrl(context, [...path, 'url'], broker.url);
    const username =
      broker.username === undefined
        ? null
        : readText(context, [...path, 'username'], broker.username);
    const password = readPassword(context, path, broker);
    if (
      password !== null &&
      broker.username === undefined &&
      !context.report.isTouched([...path, 'username'])
    ) {
      context.report.problem(path, {
        message: 'a password without a user name',
        allowed: 'username beside it: MQTT has no password alone',
        atKey: true,
      });
    }
    return url === null ? [] : [{ name, url, username, password }];
  });
}

type BrokerInput = NonNullable<NonNullable<SalvagedConfig['brokers']>[string]>;

function readBrokerUrl(
  context: Context,
  path: Path,
  value: string | number | boolean,
): string | null {
  const text = readLine(context, path, value);
  if (text === null) return null;
  const address = readAddress(context, path, text, {
    schemes: ['mqtt'],
    laterSchemes: ['mqtts', 'ws', 'wss'],
    example: 'mqtt://homeassistant.local:1883',
  });
  if (address === null) return null;
  if (address.port === 0) {
    context.report.problem(path, {
      message: 'port 0 reaches nobody',
      allowed: 'a port from 1 to 65535',
    });
    return null;
  }
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `mqtt://${host}:${address.port ?? 1883}`;
}

function readPassword(context: Context, path: Path, broker: BrokerInput): string | null {
  const { password, password_file: file } = broker;
  if (password !== undefined && file !== undefined) {
    context.report.problem([...path, 'password_file'], {
      message: 'both password and password_file are given',
      allowed: 'one of them',
      atKey: true,
    });
    return null;
  }
  if (password !== undefined) return readText(context, [...path, 'password'], password);
  if (file === undefined) return null;
  const filePath = [...path, 'password_file'];
  const name = readLine(context, filePath, file);
  return name === null ? null : readSecret(context, filePath, name);
}

function readSecret(context: Context, path: Path, name: string): string | null {
  const fail = (message: string, allowed: string): null => {
    context.report.problem(path, { message, allowed });
    return null;
  };
  try {
    // Non-blocking: opening a pipe would otherwise wait for ever for its other end.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const file = openSync(resolve(context.directory, name), flags);
    try {
      const status = fstatSync(file);
      if (!status.isFile()) return fail(`${quote(name)} is not a file`, 'a file with the password');
      if (status.size > configLimits.passwordBytesMax) {
        return fail(`${quote(name)} holds ${status.size} bytes`, 'a file with one password');
      }
      const password = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      return password === ''
        ? fail(`${quote(name)} is empty`, 'a file with the password')
        : password;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const where = isAbsolute(name) ? '' : `, looked for in the folder of the config`;
    return fail(
      `cannot read ${quote(name)}${where}: ${messageOf(error)}`,
      'a file that can be read',
    );
  }
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
