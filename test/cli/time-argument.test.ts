import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const file = join(import.meta.dirname, '../../src/cli/time-argument.ts');

/** A process of its own: the zone of a process is that of its start. `now` and the answer are ISO 8601. */
function parse(text: string, now: string, zone = 'Europe/Berlin'): string {
  const script = `
    const { parseMomentArgument } = await import(${JSON.stringify(file)});
    try {
      const at = parseMomentArgument('--at', ${JSON.stringify(text)}, Date.parse('${now}'));
      process.stdout.write(new Date(at).toISOString());
    } catch (error) {
      process.stdout.write(error.code + ' ' + error.message);
    }`;
  const env = { ...process.env, TZ: zone };
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env,
  }).stdout.toString();
}

describe('parseMomentArgument()', () => {
  const now = '2026-11-23T08:00:00Z';

  test.each([
    ['03:10', '2026-11-23T02:10:00.000Z'],
    ['3:10', '2026-11-23T02:10:00.000Z'],
    ['09:00', '2026-11-23T08:00:00.000Z'],
    ['09:00:01', '2026-11-22T08:00:01.000Z'],
    ['2026-11-20 03:10', '2026-11-20T02:10:00.000Z'],
    ['2026-11-20T03:10:30', '2026-11-20T02:10:30.000Z'],
    ['2026-07-20 03:10', '2026-07-20T01:10:00.000Z'],
    ['2026-11-20T03:10Z', '2026-11-20T03:10:00.000Z'],
    ['10m ago', '2026-11-23T07:50:00.000Z'],
    ['2h', '2026-11-23T06:00:00.000Z'],
    ['1763900000000', '2025-11-23T12:13:20.000Z'],
  ])('reads %s', (text, at) => {
    expect(parse(text, now)).toBe(at);
  });

  test('refuses a local time that came twice as the clocks were put back, with both ways to write it', () => {
    expect(parse('2026-10-25 02:30', now)).toBe(
      'invalid --at: 2026-10-25 02:30:00 came twice, as the clocks were put back; write ' +
        '2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00',
    );
    expect(parse('2026-10-25T02:30:00+01:00', now)).toBe('2026-10-25T01:30:00.000Z');
    // Half an hour in Lord Howe.
    expect(parse('2026-04-05 01:45', now, 'Australia/Lord_Howe')).toContain('came twice');
  });

  test('refuses a local time that never was as the clocks were put forward', () => {
    expect(parse('2026-03-29 02:30', now)).toContain(
      'invalid --at: there was no 2026-03-29 02:30:00',
    );
    expect(parse('2026-03-29 03:30', now)).toBe('2026-03-29T01:30:00.000Z');
  });

  test.each([
    '25:10',
    '2026-02-30',
    '2026-02-30 03:10',
    '2026-02-30T03:10Z',
    'noon',
    '99999999999999999',
    '2026-11-20 3 o’clock',
  ])('refuses %s', (text) => {
    expect(parse(text, now)).toMatch(/^invalid --at: .* is not a time/);
  });
});
