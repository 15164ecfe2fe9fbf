import { describe, expect, it } from 'vitest';
import { explainPoint, formatExplanation } from '../../../src/config/rules/explain.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { mergePointEntries } from '../../../src/domain/point-settings.ts';

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
  return parse(text);
}

function parse(yaml: string) {
  const loaded = parseConfig(yaml, { file: 'limen.yaml', directory: '/etc' });
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
        '    above: -18 °C  (limen.yaml:6:42)',
        '  rule silent  (limen.yaml:8:3, freezer-1/temperature)',
        '    silent_for: 1h  (limen.yaml:8:60)',
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

  it('shows a rule as its overrides make it for the point, and which of them says what', () => {
    const overridden = parse(`rules:
  warm:
    points: freezer-*/temperature
    above: { warning: -18 °C, critical: -15 °C }
    on_delay: 10m
    overrides:
      freezer-*: { deadband: 2 °C, off_delay: 1m }
      freezer-3/temperature: { above: { critical: -12 °C }, on_delay: { warning: 20m } }
      freezer-4: { on_delay: 1m }
`);
    const explanation = explainPoint(overridden, 'freezer-3/temperature');
    expect(formatExplanation(explanation, 'limen.yaml').split('\n').slice(2)).toEqual([
      '  rule warm  (limen.yaml:2:3, freezer-*/temperature)',
      '    above: warning -18 °C, critical -12 °C  (limen.yaml:8:32, override freezer-3/temperature)',
      '    deadband: 2 °C  (limen.yaml:7:20, override freezer-*)',
      '    on_delay: warning 20m, critical 10m  (limen.yaml:8:61, override freezer-3/temperature)',
      '    off_delay: 1m  (limen.yaml:7:36, override freezer-*)',
    ]);
  });

  it('shows how a derived point is calculated', () => {
    const derived = parse(
      'points:\n  a/d: { expression: t - rh / 5, inputs: { t: a/t °F, rh: a/rh }, unit: °F }\n',
    );
    expect(
      formatExplanation(explainPoint(derived, 'a/d'), 'limen.yaml').split('\n').slice(1),
    ).toEqual([
      '  unit: °F  (limen.yaml:2:67, a/d)',
      '  expression: t - rh / 5  (limen.yaml:2:10, a/d)',
      '  inputs: { t: a/t °F, rh: a/rh }  (limen.yaml:2:34, a/d)',
      '  no rule matches',
    ]);
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
      via: null,
      calibrations: [],
    });
    expect(mergePointEntries(config().points, 'freezer-2', 'temperature')).toEqual({
      unit: '°C',
      valid: null,
      expectEveryMs: 60_000,
      via: null,
      calibrations: [],
    });
  });
});
