import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import type { StatusReport } from '../../src/domain/api.ts';
import { eventually, type Installation, type StoredReading } from './limen-process.ts';

/** Asks the running Limen: much faster than a command of the CLI for each look. */
export function get(site: Installation, path: string): Promise<unknown> {
  return ask(site, path, json);
}

/** The stored readings of a point, oldest first. */
export async function readingsOf(site: Installation, point: string): Promise<StoredReading[]> {
  const lines = await ask(site, `readings?point=${encodeURIComponent(point)}`, text);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line): StoredReading => JSON.parse(line));
}

function ask<T>(
  site: Installation,
  path: string,
  read: (response: IncomingMessage) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: join(site.data, 'limen.sock'), path: `/api/v1/${path}` };
    request(options, (response) => void read(response).then(resolve, reject))
      .on('error', reject)
      .end();
  });
}

/** Waits until an output shows this: `on (on)` is commanded on and read back on. */
export function outputShows(site: Installation, name: string, shown: string): Promise<unknown> {
  return eventually(
    `${name} ${shown}`,
    async () => {
      // as it answers
      const { outputs } = (await get(site, 'status')) as StatusReport;
      const output = outputs.find((each) => each.name === name);
      return `${output?.commanded} (${output?.state})` === shown;
    },
    15_000,
  );
}

/** The alerts that are not normal, as `rule state condition`. */
export async function alertsOf(site: Installation): Promise<string[]> {
  // as it answers
  const alerts = (await get(site, 'alerts')) as Record<string, unknown>[];
  return alerts.map(({ rule, state, condition }) => [rule, state, condition].join(' '));
}

/** The child process of Limen that runs this file of `src/threads`. */
export function childOf(pid: number, file: string): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const found = children.find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(`threads/${file}.`),
  );
  if (found === undefined) throw new Error(`there is no process of ${file}`);
  return Number(found);
}
