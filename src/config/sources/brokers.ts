import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { NamedBroker } from '../../domain/config.ts';
import { messageOf } from '../../domain/error.ts';
import { readAddress } from './addresses.ts';
import { checkName, readLine, readText, type Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from '../text/problem.ts';
import type { SalvagedConfig } from '../text/shape.ts';

/** The name of Limen's own broker where brokers are named. */
export const embedded = 'embedded';

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
  if (!context.readsSecrets) return '';
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
