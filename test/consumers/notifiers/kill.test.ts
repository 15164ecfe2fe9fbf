// Aim: no notification is lost over kills at the worst places, and each is repeated at most once per kill, with the
// same key. Method: a real process that kills itself, a real server that remembers, and the journal file in between.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startWebServer, status } from './web-server.ts';

const script = fileURLToPath(new URL('killed-process.ts', import.meta.url));
const eventCount = 10;

test.each([
  ['notification_attempt', 0],
  ['notification_attempted', 1],
  ['notification_recorded', 0],
] as const)(
  'createNotifiers() loses nothing over kills at %s and repeats at most %i each',
  async (place, repeatsMax) => {
    const folder = await mkdtemp(join(tmpdir(), 'limen-kill-'));
    await using server = await startWebServer(status(200));
    let kills = 0;
    for (;;) {
      const args = [script, join(folder, 'journal'), server.url, String(eventCount)];
      // The third time: some are told before each kill, so that it always comes further.
      const child = spawn(process.execPath, [...args, place, '3'], { stdio: 'inherit' });
      const [code, signal] = await once(child, 'exit');
      if (signal !== 'SIGKILL') {
        expect(code).toBe(0);
        break;
      }
      kills += 1;
    }
    await rm(folder, { recursive: true });
    const keys = server.requests.map(({ headers }) => String(headers['idempotency-key']));
    expect(kills).toBeGreaterThan(2);
    expect(new Set(keys).size).toBe(eventCount);
    expect(keys.length - eventCount).toBe(kills * repeatsMax);
    const ids = [...new Set(server.requests.map(({ body }) => body['id']))];
    expect(ids).toEqual(
      Array.from({ length: eventCount }, (_, n) => `freezer-warm/freezer-1/temperature/${n + 1}`),
    );
  },
  30_000,
);
