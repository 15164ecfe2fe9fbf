import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeInstanceLock } from '../../src/storage/instance-lock.ts';
import { Store } from '../../src/storage/store.ts';
import { alert } from '../http/fake-api.ts';
import { groupOf, quiet } from '../storage/store-fixture.ts';
import { createSite } from './limen.ts';

test('limen user writes the files itself where Limen is not running', async () => {
  await using site = createSite();
  const added = await site.limen(['user', 'add', 'greenhouse'], 'secret\n');
  expect(added).toEqual({ status: 0, out: 'user greenhouse is set\n', err: '' });
  const listed = await site.limen(['user', 'list', '--json']);
  expect(JSON.parse(listed.out)).toEqual(['greenhouse']);
  expect(await site.limen(['user', 'remove', 'greenhouse'])).toMatchObject({ status: 0 });
  const again = await site.limen(['user', 'remove', 'greenhouse']);
  expect(again).toEqual({ status: 1, out: '', err: 'limen: There is no user "greenhouse"\n' });
});

test('limen user leaves the files of a Limen that does not answer alone', async () => {
  await using site = createSite();
  const lock = takeInstanceLock(join(site.directory, 'data'));
  const { status, err } = await site.limen(['user', 'add', 'greenhouse'], 'secret\n');
  lock.release();
  expect(status).toBe(1);
  expect(err).toContain('Another Limen');
});

test('limen status says that Limen is not running, with the same keys as ever', async () => {
  await using site = createSite();
  const text = await site.limen(['status']);
  expect(text).toMatchObject({ status: 0, err: '' });
  expect(text.out).toMatch(/^Limen is not running\ndata .*nothing stored yet\n/);
  const stopped = await site.limen(['status', '--json']);
  await site.start();
  const running = await site.limen(['status', '--json']);
  expect(JSON.parse(stopped.out)).toMatchObject({ running: false, pid: null, points: 0 });
  const keys = (json: string): string[] => Object.keys(JSON.parse(json) as object).toSorted();
  expect(keys(stopped.out)).toEqual(keys(running.out));
});

test.each([
  ['readings'],
  ['alerts'],
  ['why', 'hot'],
  ['why-not', 'hot', 'oven/heat', '--at', '1m'],
  ['report'],
])('limen %s says that nothing was ever stored', async (...argv) => {
  await using site = createSite();
  const { status, err } = await site.limen(argv);
  expect(status).toBe(1);
  expect(err).toContain('There is no data in');
  // Reading must not make a data folder out of nothing.
  expect(readdirSync(join(site.directory, 'data'))).toEqual([]);
});

test.each([
  ['alert', ['why', '']],
  ['alert', ['why', '  ']],
  ['alert', ['ack', '']],
  ['alert', ['shelve', '', '--for', '1h']],
  ['rule', ['why-not', '', 'oven/heat', '--at', '1m ago']],
  ['point', ['why-not', 'hot', '', '--at', '1m ago']],
  ['rule', ['drill', '']],
  ['output', ['set', '', 'on']],
  ['name', ['user', 'remove', '']],
])('limen refuses an empty <%s>, the same whether it runs or not: %j', async (name, argv) => {
  await using site = createSite();
  const stopped = await site.limen(argv);
  expect(stopped).toMatchObject({ status: 2, out: '' });
  expect(stopped.err).toMatch(new RegExp(`^limen: <${name}> must not be empty(: [a-z].*)?\n$`));
  await site.start();
  expect(await site.limen(argv)).toEqual(stopped);
  expect(site.api).toMatchObject({ asked: [], acts: [], commands: [] });
});

test('limen why-not says what a point is by the name of its argument', async () => {
  await using site = createSite();
  const argv = ['why-not', 'hot', 'heat', '--at', '1m ago'];
  const stopped = await site.limen(argv);
  expect(stopped).toEqual({
    status: 2,
    out: '',
    err: 'limen: <point>: "heat" must be device/metric, such as freezer-1/temperature\n',
  });
  await site.start();
  expect(await site.limen(argv)).toEqual(stopped);
});

test('limen ack works while the config is being edited and has mistakes', async () => {
  await using site = createSite('nonsense: 1\n');
  await site.start();
  site.api.alertsAnswer = [alert()];
  const ended = await site.limen(['ack', 'freezer-warm']);
  expect(ended).toEqual({
    status: 0,
    out: 'acknowledged freezer-warm/freezer-1/temperature/3\n',
    err: 'limen: the config has mistakes (limen check lists them)\n',
  });
});

test('limen check prints every problem with its place and exits with 2', async () => {
  await using site = createSite('nonsense: 1\nsite: [greenhouse]\n');
  const { status, out, err } = await site.limen(['check']);
  expect({ status, err }).toEqual({ status: 2, err: '' });
  expect(out).toMatch(/^\S*limen\.yaml:2:1: .*nonsense/m);
  expect(out).toMatch(/^\S*limen\.yaml:3:7: .*site/m);
  expect(out).toContain('\n2 problems\n');
});

test('limen run does not start with a config that has problems', async () => {
  await using site = createSite('nonsense: 1\n');
  const { status, out, err } = await site.limen(['run']);
  expect({ status, out }).toEqual({ status: 2, out: '' });
  expect(err).toMatch(/^\S*limen\.yaml:2:1: .*nonsense/m);
});

test('limen check says so where it does not look for more problems', async () => {
  const rules = Array.from(
    { length: 1_001 },
    (_, index) => `  r${index}: { points: a/b, above: 1, x: 1 }`,
  );
  await using site = createSite(`rules:\n${rules.join('\n')}\n`);
  const { status, out } = await site.limen(['check']);
  expect(status).toBe(2);
  expect(out.trimEnd().split('\n').at(-1)).toBe('the first 1000 problems');
});

test('limen check --json prints the problems', async () => {
  await using site = createSite('nonsense: 1\n');
  const { status, out } = await site.limen(['check', '--json']);
  expect(status).toBe(2);
  expect(JSON.parse(out)).toMatchObject({ ok: false, problems: [{ line: 2, column: 1 }] });
});

test('limen check names the rules that match no point yet', async () => {
  await using site = createSite(
    'rules: { freezer-warm: { points: freezer-*/temperature, above: -18 } }\n',
  );
  const { status, out } = await site.limen(['check']);
  expect(status).toBe(0);
  expect(out).toContain('rule freezer-warm matches no point yet\n');
  const file = join(site.directory, 'other.yaml');
  writeFileSync(file, 'site: shed\n');
  expect(await site.limen(['check', 'other.yaml'])).toMatchObject({ status: 0 });
});

test('limen check --explain prints what the config says about a point', async () => {
  await using site = createSite('points: { freezer-*/temperature: { unit: °C } }\n');
  const text = await site.limen(['check', '--explain', 'freezer-1/temperature']);
  expect(text).toMatchObject({ status: 0, err: '' });
  expect(text.out).toMatch(/^freezer-1\/temperature\n {2}unit: °C {2}\(config\/limen.yaml:2:/);
  const json = await site.limen(['check', '--json', '--explain', 'freezer-1/temperature']);
  expect(JSON.parse(json.out)).toMatchObject({
    settings: [{ key: 'unit', value: '°C', is_overridden: false }],
  });
  expect(await site.limen(['check', '--explain', 'freezer-1'])).toMatchObject({ status: 2 });
});

test('limen check --explain tells what was learned of a point', async () => {
  await using site = createSite('points: { shed/door: { expect_every: 1h } }\n');
  const store = new Store({ directory: join(site.directory, 'data'), bootId: 'boot' }, quiet);
  store.recover();
  const body = { point: 1, stale_after_ms: 183_900, via: 'esp-1', gaps: '' };
  const entries = ['shed/temperature', 'shed/door'].map((key, index) => ({
    seq: index + 1,
    kind: 'learned' as const,
    key,
    body,
  }));
  store.write(groupOf({ entries }));
  store.close();
  const learned = await site.limen(['check', '--explain', 'shed/temperature']);
  expect(learned.out).toContain('learned from its readings: stale after 3m');
  const isSet = await site.limen(['check', '--explain', 'shed/door']);
  expect(isSet.out).toContain('stale after 3m, but expect_every is set');
  const json = await site.limen(['check', '--json', '--explain', 'shed/door']);
  expect(JSON.parse(json.out)).toMatchObject({ learned_stale_after_ms: 183_900 });
});
