import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const file = join(import.meta.dirname, '../../src/host/local-time.ts');

/** A process of its own: the zone of a process is that of its start. */
function inZone(zone: string, expression: string): string {
  const script = `
    const { formatLocalTime, localOffsetMs } = await import(${JSON.stringify(file)});
    process.stdout.write(String(${expression}));`;
  const env = { ...process.env, TZ: zone };
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env,
  }).stdout.toString();
}

const summer = Date.UTC(2026, 6, 1, 22, 12, 24);

test('formatLocalTime() is the clock on the wall', () => {
  expect(inZone('Europe/Berlin', `formatLocalTime(${summer})`)).toBe('2026-07-02 00:12:24');
  expect(inZone('UTC', `formatLocalTime(${summer + 999})`)).toBe('2026-07-01 22:12:24');
});

test('localOffsetMs() is how far that clock is ahead of UTC at the time in question', () => {
  const winter = Date.UTC(2026, 0, 1);
  expect(inZone('Europe/Berlin', `localOffsetMs(${summer})`)).toBe('7200000');
  expect(inZone('Europe/Berlin', `localOffsetMs(${winter})`)).toBe('3600000');
  expect(inZone('America/St_Johns', `localOffsetMs(${winter})`)).toBe('-12600000');
});
