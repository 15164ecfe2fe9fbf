import { describe, expect, it } from 'vitest';
import { explainPoint, formatExplanation } from '../../src/config/explain.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { mergePointEntries } from '../../src/domain/point-settings.ts';

const text = `points:
  freezer-*/temperature: { unit: C, expect_every: 60s }
  "*/humidity": { unit: "%" }
  freezer-1/*: { expect_every: 5m, valid: [-60, 60 °C] }
rules:
  warm: { points: freezer-*/temperature, above: -18 °C }
  damp: { points: "*/humidity", above: 80 % }
  silent: { points: ["*/humidity", freezer-1/temperature], silent_for: 1h }
`;

function config() {
  const loaded = parseConfig(text, { file: 'limen.yaml', directory: '/etc' });
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  return loaded.config;
}

describe('explainPoint()', () => {
  it('names the place of every key, those that a later entry overrides, and the rules', () => {
    expect(formatExplanation(explainPoint(config(), 'freezer-1/temperature'), 'limen.yaml')).toBe(
      [
        'freezer-1/temperature',
        '  unit: °C  (limen.yaml:2:28, freezer-*/temperature)',
        '  expect_every: 1m  (limen.yaml:2:37, freezer-*/temperature, overridden below)',
        '  valid: [-60, 60 °C]  (limen.yaml:4:36, freezer-1/*)',
        '  expect_every: 5m  (limen.yaml:4:18, freezer-1/*)',
        '  rule warm  (limen.yaml:6:3, freezer-*/temperature)',
        '  rule silent  (limen.yaml:8:3, freezer-1/temperature)',
      ].join('\n'),
    );
  });

  it('prints calibrations, of which a later list takes the place of an earlier one', () => {
    const loaded = parseConfig(
      `points:
  "*/t": { calibrations: [{ offset: 1 }] }
  a/t: { calibrations: [{ offset: -0.4 }, { from: 2026-03-01, scale: 2 }, { from: "2026-03-01T08:00:00Z" }] }
`,
      { file: 'limen.yaml', directory: '/etc' },
    );
    if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
    const { points } = loaded.config;
    expect(formatExplanation(explainPoint(loaded.config, 'a/t'), 'limen.yaml')).toBe(
      [
        'a/t',
        '  calibrations: [{ scale: 1, offset: 1 }]  (limen.yaml:2:12, */t, overridden below)',
        '  calibrations: [{ scale: 1, offset: -0.4 }, { from: 2026-03-01, scale: 2, offset: 0 }, ' +
          '{ from: 2026-03-01T08:00:00Z, scale: 1, offset: 0 }]  (limen.yaml:3:10, a/t)',
        '  no rule matches',
      ].join('\n'),
    );
    expect(mergePointEntries(points, 'a', 't').calibrations).toHaveLength(3);
    expect(mergePointEntries(points, 'b', 't').calibrations).toHaveLength(1);
  });

  it('says so if nothing matches', () => {
    expect(formatExplanation(explainPoint(config(), 'boiler/pressure'), 'limen.yaml')).toBe(
      'boiler/pressure\n  no entry of points: matches\n  no rule matches',
    );
  });
});

describe('mergePointEntries()', () => {
  it('lets later keys win and keeps what only earlier entries say', () => {
    expect(mergePointEntries(config().points, 'freezer-1', 'temperature')).toEqual({
      unit: '°C',
      valid: [
        { value: -60, unit: null },
        { value: 60, unit: '°C' },
      ],
      expectEveryMs: 300_000,
      calibrations: [],
    });
    expect(mergePointEntries(config().points, 'freezer-2', 'temperature')).toEqual({
      unit: '°C',
      valid: null,
      expectEveryMs: 60_000,
      calibrations: [],
    });
  });
});
