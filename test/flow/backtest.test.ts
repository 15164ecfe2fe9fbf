// Aim: what `limen backtest` says about a history that the program itself has written, and that it leaves it as it is.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { install, type Installation } from './limen-process.ts';
import { connectRaw } from './raw-client.ts';

const yaml = (limit: number): string => `
rules:
  warm: { points: f/t, above: ${limit}, severity: warning, acknowledge: not_required }
  silent: { points: f/t, silent_for: 1h, severity: warning, acknowledge: not_required }
`;

function change(limen: Installation, text: string): string {
  const path = join(limen.folder, 'config/new.yaml');
  writeFileSync(path, `storage: { directory: ../data }\nclock: always\n${text}`);
  return path;
}

/** Publishes values one after the other, each in a millisecond of its own. */
async function publish(limen: Installation, values: readonly number[]): Promise<void> {
  const running = await limen.start();
  const sensor = await connectRaw(running.port, 'sensor');
  for (const [index, value] of values.entries()) {
    sensor.publish('sensors/f/t', `${value}`);
    await sensor.acknowledgements(index + 1);
    await wait(3);
  }
  await running.stop();
}

test('limen backtest tells what a lower limit would have raised, before and while Limen runs', async () => {
  const limen = install({ yaml: yaml(10) });
  await publish(limen, [0, 12, 0, 7, 0, 12, 0]);
  await publish(limen, [0, 7, 0, 8]);
  const before = await limen.readings();
  expect(before).toHaveLength(11);

  // The command line of the installation adds its config last; the one to be tried goes with --against the other way.
  const path = change(limen, yaml(5));
  const wants = {
    readings: 11,
    differences: [
      { kind: 'lost', rule: 'warm', device: 'f', metric: 't', after: null },
      { kind: 'lost' },
      { kind: 'lost', before: { returned_at: null, severity: 'warning' } },
    ],
    alerts: [{ rule: 'warm', before: { alerts: 5 }, after: { alerts: 2 }, gained: 0, lost: 3 }],
    problems: [],
  };
  const once = await limen.json('backtest', '--against', path);
  expect(once).toMatchObject(wants);
  expect(await limen.json('backtest', '--against', path)).toEqual(once);

  const running = await limen.start();
  expect(await limen.json('backtest', '--against', path)).toMatchObject(wants);
  // The config in force against itself.
  const same = await limen.cli('backtest');
  expect(same).toMatchObject({ status: 0, err: '' });
  expect(same.out).toContain('No difference.');
  const text = await limen.cli('backtest', '--against', path, '--rule', 'warm');
  expect(text.out).toMatch(/warm +f\/t +5 → 2 .*\n\n0 alerts gained, 3 lost, 0 moved\n/);
  await running.stop();
  expect(await limen.readings()).toEqual(before);
}, 60_000);

test('limen backtest says what is wrong with what it is given', async () => {
  const limen = install({ yaml: yaml(10) });
  const empty = await limen.cli('backtest');
  expect(empty).toMatchObject({ status: 1, out: '' });
  expect(empty.err).toContain('There is no history in');
  expect(empty.err).toContain('limen run');

  await publish(limen, [0]);
  const unknown = await limen.cli('backtest', '--rule', 'wram');
  expect(unknown).toMatchObject({ status: 2, out: '' });
  expect(unknown.err).toContain('neither config has a rule "wram"; did you mean "warm"?');
  const future = await limen.cli('backtest', '--from', '2990-01-01');
  expect(future).toMatchObject({ status: 1 });
  expect(future.err).toContain('choose --from and --to within');
  const path = change(limen, 'rules: { warm: { points: f/t, abov: 3 } }');
  const wrong = await limen.cli('backtest', '--against', path);
  expect(wrong.status).toBe(2);
  expect(wrong.out).toMatch(/new\.yaml:3:\d+.*abov/);
}, 60_000);
