// Aim: a backtest over day files written by the true store: differences that are known beforehand, over midnight, over
// restarts and units.
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import type { BacktestOutcome } from '../../src/domain/backtest.ts';
import type { Config } from '../../src/domain/config.ts';
import type { EngineMs, WallMs } from '../../src/domain/time.ts';
import { backtest } from '../../src/rehearsal/backtest.ts';
import { Store } from '../../src/storage/store.ts';
import {
  dayLength,
  declares,
  groupOf,
  noon,
  pointOf,
  quiet,
  temporaryFolder,
  type GroupParts,
} from '../storage/store-fixture.ts';

const minute = 60_000;
const midnight = noon + dayLength / 2;
const rule = (limit: number, more = ''): string =>
  `rules: { warm: { points: d/t, above: ${limit}, severity: warning${more} } }`;

interface StoredPoint {
  readonly index: number;
  readonly unit: string;
  readonly metric?: string;
}

type Sample = readonly [atMs: number, value: number, quality?: number, point?: number];

function configOf(text: string): Config {
  const loaded = parseConfig(text, { file: 'test.yaml', directory: '/nowhere' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** Writes each minute as a group; `entries` come before the first reading of their time. */
function write(
  samples: readonly Sample[],
  later: Readonly<Record<number, NonNullable<GroupParts['entries']>[number]['body']>> = {},
  points: readonly StoredPoint[] = [{ index: 1, unit: '°C' }],
): string {
  const directory = temporaryFolder();
  const store = new Store({ directory, bootId: 'boot' }, quiet);
  store.recover();
  let seq = 1;
  let isFirst = true;
  for (const [wallMs, value, quality = 0, point = 1] of samples) {
    const started = later[wallMs];
    const rows = isFirst
      ? points.map(({ index, unit, metric = 't' }) =>
          declares(seq++, pointOf(index, metric, 'number', [], unit)),
        )
      : [];
    const starts =
      started === undefined
        ? []
        : [{ seq: seq++, kind: 'started' as const, key: 'limen', body: started }];
    isFirst = false;
    store.write(
      groupOf({
        wallMs,
        entries: [...rows, ...starts],
        readings: [{ seq: seq++, point, value, quality }],
        stampSeq: seq++,
        stamp: { engineMs: wallMs as EngineMs },
      }),
    );
  }
  store.close();
  return directory;
}

function run(directory: string, before: string, after: string, only: string | null = null) {
  return backtest({
    directory,
    before: configOf(before),
    after: configOf(after),
    rule: only,
    fromMs: 0 as WallMs,
    toMs: null,
    onProgress: () => undefined,
    onUnreadable: (path, reason) => {
      throw new Error(`${path}: ${reason}`);
    },
  });
}

function told({ differences }: BacktestOutcome): unknown[] {
  return differences.map(({ kind, before, after }) => [
    kind,
    ...[before, after].map((span) =>
      span === null ? null : [span.startMs, span.endMs].map((ms) => ms && (ms - midnight) / minute),
    ),
  ]);
}

// Ten minutes before midnight to ten after: 5 for two minutes at -8 and over midnight, 3 at +5.
const values = (from: number): number =>
  (from >= -8 && from < -6) || (from >= -1 && from < 1) ? 5 : from >= 5 && from < 7 ? 3 : 0;
const samples: Sample[] = Array.from({ length: 21 }, (_, index) => [
  midnight + (index - 10) * minute,
  values(index - 10),
]);

test('backtest() tells which alerts a changed limit gains and loses, over two day files', () => {
  const directory = write(samples);
  const gained = run(directory, rule(4), rule(2));
  expect(gained.readings).toBe(21);
  expect(told(gained)).toEqual([['gained', null, [5, 7]]]);
  expect(gained.lines).toMatchObject([
    { rule: 'warm', before: { alerts: 2 }, after: { alerts: 3, raisedMs: 6 * minute }, gained: 1 },
  ]);
  expect(told(run(directory, rule(2), rule(4)))).toEqual([['lost', [5, 7], null]]);
  expect(told(run(directory, rule(4), 'rules: {}'))).toEqual([
    ['lost', [-8, -6], null],
    ['lost', [-1, 1], null],
  ]);
});

test('backtest() tells alerts that begin or end at another time as moved', () => {
  const directory = write(samples);
  expect(told(run(directory, rule(4), rule(4, ', on_delay: 90s, off_delay: 1m')))).toEqual([
    ['moved', [-8, -6], [-6.5, -5]],
    ['moved', [-1, 1], [0.5, 2]],
  ]);
});

test('backtest() runs rules over several points', () => {
  const other: Sample[] = [
    [midnight - 9.5 * minute, 1, 0, 2],
    [midnight + 0.5 * minute, 0, 0, 2],
  ];
  const directory = write(
    [...samples, ...other].toSorted(([a], [b]) => a - b),
    {},
    [
      { index: 1, unit: '°C' },
      { index: 2, unit: '°C', metric: 'u' },
    ],
  );
  const joined = (more: string): string =>
    `rules: { warm: { all: [{ points: d/t, above: 4 }${more}], acknowledge: not_required } }`;
  const both = run(directory, joined(', { points: d/u, above: 0.5 }'), joined(''));
  expect(told(both)).toEqual([['moved', [-1, 0.5], [-1, 1]]]);
  expect(both.lines).toMatchObject([{ rule: 'warm', device: 'warm', metric: '-' }]);
  expect(told(run(directory, joined(''), joined('')))).toEqual([]);
});

test('backtest() counts an alert for as long as nothing suppresses it by design', () => {
  const directory = write(samples);
  const at = (from: string, to: string, more = ''): string =>
    rule(4, `, active_when: { from: "${from}", to: "${to}", zone: UTC }${more}`);
  expect(told(run(directory, rule(4), at('23:53', '23:55')))).toEqual([
    ['moved', [-8, -6], [-7, -6]],
    ['lost', [-1, 1], null],
  ]);
  expect(told(run(directory, rule(4), at('00:00', '12:00')))).toEqual([
    ['lost', [-8, -6], null],
    ['moved', [-1, 1], [0, 1]],
  ]);
  expect(told(run(directory, rule(4), at('23:00', '00:00', ', settle: 0s')))).toEqual([
    ['moved', [-1, 1], [-1, 0]],
  ]);
  expect(told(run(directory, rule(4), at('23:51', '12:00', ', settle: 150s')))).toEqual([
    ['moved', [-8, -6], [-6.5, -6]],
  ]);
  expect(told(run(directory, at('23:53', '23:55'), at('23:53', '23:55')))).toEqual([]);
});

test('backtest() finds no difference between rules and themselves, and the same one each time', () => {
  const directory = write(samples);
  const config = `${rule(2)}\npoints: { d/t: { expect_every: 15s } }`;
  const same = run(directory, config, config);
  expect(same.differences).toEqual([]);
  expect(same.lines.length).toBeGreaterThan(1);
  // Another severity is run by an engine of its own; the same limit must end alike.
  const other = run(directory, rule(2), rule(2).replace('warning', 'info'));
  expect(other.lines).toMatchObject([{ gained: 0, lost: 0, moved: 3 }]);
  expect(run(directory, rule(4), rule(2))).toEqual(run(directory, rule(4), rule(2)));
});

test('backtest() does not judge readings that were history only', () => {
  const directory = write(samples.map(([at, value]) => [at, value, value === 3 ? 16 : 0]));
  expect(told(run(directory, rule(4), rule(2)))).toEqual([]);
});

test('backtest() lets an on-delay count the time that Limen was down, and an off-delay not', () => {
  const stop: Sample[] = [
    [midnight, 5],
    [midnight + 20 * minute, 0],
    [midnight + 21 * minute, 0],
    [midnight + 40 * minute, 0],
  ];
  const downMs = 20 * minute;
  const started = {
    elapsed_ms: downMs,
    down_ms: downMs,
    stopped_at: midnight,
    wall_offset_ms: 0,
  };
  const directory = write(stop, { [midnight + downMs]: started });
  const after = rule(4, ', on_delay: 10m, off_delay: 5m');
  // It was due while Limen was down, and is raised at the start; the off-delay begins with the first good reading.
  expect(told(run(directory, 'rules: {}', after))).toEqual([['gained', null, [20, 25]]]);
});

test('backtest() credits an on-delay with a stop that a later start told the length of', () => {
  const stop: Sample[] = [
    [midnight, 5],
    [midnight + 2 * minute, 5],
    [midnight + 3 * minute, 5],
    [midnight + 25 * minute, 0],
  ];
  const first = { elapsed_ms: null, down_ms: null, stopped_at: midnight, wall_offset_ms: 0 };
  const second = { ...first, elapsed_ms: 1000, down_ms: 1000, credit_ms: 30 * minute };
  const starts = { [midnight + 2 * minute]: first, [midnight + 3 * minute]: second };
  const directory = write(stop, starts);
  expect(told(run(directory, 'rules: {}', rule(4, ', on_delay: 20m')))).toEqual([
    ['gained', null, [3, 25]],
  ]);
});

test('backtest() sees readings stored in an earlier unit in the present one', () => {
  const directory = write(
    [
      [midnight, 20, 0, 1],
      [midnight + minute, 86, 0, 2],
      [midnight + 2 * minute, 50, 0, 2],
    ],
    {},
    [
      { index: 1, unit: '°C' },
      { index: 2, unit: '°F' },
    ],
  );
  // 20 °C is 68 °F: the alert begins with it, and ends with 50 °F.
  expect(told(run(directory, 'rules: {}', rule(67)))).toEqual([['gained', null, [0, 2]]]);
  expect(told(run(directory, 'rules: {}', rule(29.5).replace('29.5', '29.5 °C')))).toEqual([
    ['gained', null, [1, 2]],
  ]);
});

test('backtest() suggests a deadband where noise alone makes alerts', () => {
  const noisy: Sample[] = Array.from({ length: 200 }, (_, index) => [
    noon + index * 10_000,
    index % 2 === 0 ? 3.9 : 4.1,
  ]);
  const { suggestions } = run(write(noisy), rule(4), rule(4));
  expect(suggestions).toMatchObject([{ rule: 'warm', key: 'deadband' }]);
  const band = Number.parseFloat(suggestions[0]?.value ?? '');
  expect(band).toBeGreaterThan(0.5);
  expect(band).toBeLessThan(0.7);
});

test('backtest() judges one rule alone where one is asked for', () => {
  const two = (limit: number): string =>
    `rules:
      warm: { points: d/t, above: ${limit}, severity: info }
      hot: { points: d/t, above: ${limit}, severity: info }`;
  const directory = write(samples);
  const { lines } = run(directory, two(4), two(2), 'hot');
  expect(lines.map((line) => line.rule)).toEqual(['hot']);
});

test('backtest() says what there is where nothing was stored in the time asked for', () => {
  expect(() => run(temporaryFolder(), rule(4), rule(2))).toThrow('There is no history in');
  const directory = write(samples);
  // With a long delay there is something to look back at, and still nothing to compare.
  for (const delay of ['', ', on_delay: 24h']) {
    expect(() =>
      backtest({
        directory,
        before: configOf(rule(4)),
        after: configOf(rule(2, delay)),
        rule: null,
        fromMs: (midnight + dayLength) as WallMs,
        toMs: null,
        onProgress: () => undefined,
        onUnreadable: () => undefined,
      }),
    ).toThrow('choose --from and --to within');
  }
});

test('backtest() calculates derived points anew, by the expressions of each config', () => {
  // What was stored of d/double is of another expression: it was 100 all the time.
  const stored = samples.flatMap((sample): Sample[] => [sample, [sample[0], 100, 0, 2]]);
  const directory = write(stored, {}, [
    { index: 1, unit: '°C' },
    { index: 2, unit: '°C', metric: 'double' },
  ]);
  const derived = (factor: number): string => `
points: { d/double: { expression: ${factor} * t, inputs: { t: d/t °C }, unit: °C } }
rules: { high: { points: d/double, above: 8, severity: warning } }
`;
  expect(told(run(directory, derived(2), derived(3)))).toEqual([['gained', null, [5, 7]]]);
  expect(told(run(directory, derived(3), derived(2)))).toEqual([['lost', [5, 7], null]]);
  const asStored = 'rules: { high: { points: d/double, above: 8, severity: warning } }';
  expect(told(run(directory, asStored, derived(2)))).toMatchObject([
    ['moved', [-10, null], [-8, -6]],
    ['gained', null, [-1, 1]],
  ]);
});

test('backtest() knows a derived point that is new, also one that is true or false', () => {
  const frost = `
points: { d/high: { expression: 2 * t > 8, inputs: { t: d/t °C } } }
rules: { on: { points: d/high, equals: true, severity: warning } }
`;
  expect(told(run(write(samples), 'rules: {}', frost))).toEqual([
    ['gained', null, [-8, -6]],
    ['gained', null, [-1, 1]],
  ]);
});
