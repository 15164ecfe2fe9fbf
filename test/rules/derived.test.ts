import { describe, expect, test } from 'vitest';
import type { PointEntry } from '../../src/domain/config.ts';
import type { Expression } from '../../src/domain/expression.ts';
import { compilePattern } from '../../src/domain/point.ts';
import type { Rule } from '../../src/domain/rule.ts';
import { edges, makePoint, makeRule, pointEntry, startBench } from './bench.ts';
import { all as every, compoundRule, hotter, room } from './clause-fixture.ts';

const air = makePoint(1, 'shed', 'air', { unit: '°C' });
const wall = makePoint(2, 'shed', 'wall', { unit: '°C' });
const margin = makePoint(3, 'shed', 'margin', { unit: '°C' });
const doubled = makePoint(4, 'shed', 'doubled', { unit: '°C' });
const all = [air, wall, margin, doubled];

/** The engine computes nothing: it only has to know what follows from what. */
function from(...metrics: readonly string[]): Expression {
  const inputs = metrics.map((metric) => ({ name: metric, device: 'shed', metric, unit: null }));
  return { text: metrics.join(' + '), kind: 'number', tree: { kind: 'input', index: 0 }, inputs };
}

const entries: readonly PointEntry[] = [
  pointEntry('shed/air', { expectEveryMs: 10_000 }),
  pointEntry('shed/*', { expectEveryMs: 20_000 }),
  pointEntry('shed/air', { expectEveryMs: 10_000 }),
  pointEntry('shed/doubled', { expression: from('margin') }),
  pointEntry('shed/margin', { expression: from('air', 'wall') }),
];

function over(metric: string, more: Partial<Rule> = {}): Rule {
  const points = [compilePattern(`shed/${metric}`)];
  return makeRule({ name: `high-${metric}`, points, acknowledge: 'not_required', ...more });
}

function start(rules: readonly Rule[] = [over('margin'), over('doubled')]) {
  const bench = startBench(rules, entries, all);
  for (const point of all) bench.read(0, 6, 'good', point);
  bench.take();
  return bench;
}

describe('a derived point', () => {
  test('is stale as soon as an input is, and so is what is derived from it, without alerts of their own', () => {
    const bench = start();
    bench.advance(29_999);
    expect(bench.alert('high-doubled', doubled).condition).toBe('breached');
    bench.advance(30_000);
    for (const point of [margin, doubled]) {
      expect(bench.alert(`high-${point.metric}`, point)).toMatchObject({
        state: 'active',
        condition: 'unknown',
        quality: 'stale',
      });
      expect(bench.engine.isUsable(point.index)).toBe(false);
      expect(bench.engine.find({ rule: 'limen.stale', ...point })).toBeNull();
    }
    expect(bench.engine.isUsable(wall.index)).toBe(true);
  });

  test('is fresh again with its next good reading, not with a bad one', () => {
    const bench = start();
    bench.advance(30_000);
    bench.read(31_000, 4, 'good', wall);
    bench.read(31_000, NaN, 'bad', margin);
    expect(bench.alert('high-margin', margin)).toMatchObject({ quality: 'stale', state: 'active' });
    bench.read(32_000, 4, 'good', air);
    bench.read(32_000, 4, 'good', margin);
    expect(bench.alert('high-margin', margin)).toMatchObject({ quality: 'good', state: 'normal' });
  });

  test('ends no off-delay at the moment in which an input falls silent', () => {
    const bench = start([over('margin', { name: 'a-first', offDelayMs: 30_000 })]);
    bench.read(0, 4, 'good', margin);
    bench.advance(30_000);
    // Of the air itself, and nothing else.
    expect(edges(bench.take())).toEqual(['normal>active breached']);
    expect(bench.alert('a-first', margin)).toMatchObject({ state: 'active', condition: 'unknown' });
  });

  test('that is bad because of an input raises no limen.bad, but one that is bad by itself does', () => {
    const bench = start();
    for (let at = 1_000; at <= 2_000_000; at += 5_000) {
      bench.read(at, 6, 'good', air);
      bench.read(at, NaN, 'bad', wall);
      bench.read(at, NaN, 'bad', margin);
    }
    expect(bench.alert('limen.bad', wall).state).toBe('active');
    expect(bench.engine.find({ rule: 'limen.bad', ...margin })).toBeNull();
    for (let at = 2_001_000; at <= 4_001_000; at += 5_000) {
      bench.read(at, 6, 'good', air);
      bench.read(at, 6, 'good', wall);
      bench.read(at, NaN, 'bad', margin);
    }
    expect(bench.alert('limen.bad', margin).state).toBe('active');
  });

  test('is still stale after a restart, until it is read again', () => {
    const rules = [over('margin')];
    const bench = start(rules);
    bench.advance(30_000);
    const next = bench.reborn(40_000, rules, entries, all);
    next.started(40_000, { elapsedMs: 5_000, downMs: 5_000 });
    expect(next.engine.isUsable(margin.index)).toBe(false);
    expect(next.alert('high-margin', margin)).toMatchObject({
      condition: 'unknown',
      quality: 'stale',
    });
    next.read(41_000, 4, 'good', air);
    next.read(41_000, 4, 'good', margin);
    expect(next.alert('high-margin', margin).state).toBe('normal');
  });

  test('is not expected itself: its inputs are, from the start', () => {
    const bench = startBench([over('doubled')], entries.slice(3), []);
    bench.advance(600_000);
    for (const point of [air, wall])
      expect(bench.alert('limen.never_heard', point).state).toBe('active');
    for (const point of [margin, doubled])
      expect(bench.engine.find({ rule: 'limen.never_heard', ...point })).toBeNull();
  });

  test('that is one no longer is fresh or stale by itself', () => {
    const bench = start();
    bench.advance(30_000);
    bench.config(31_000, [over('margin')], [pointEntry('shed/margin')]);
    bench.read(32_000, 4, 'good', margin);
    expect(bench.alert('high-margin', margin)).toMatchObject({ quality: 'good', state: 'normal' });
    bench.advance(90_000);
    expect(bench.alert('high-margin', margin).quality).toBe('good');
  });

  test('takes its clause of a compound rule to unknown when an input falls silent', () => {
    const bench = start([compoundRule(every(hotter('shed/margin'), hotter('shed/wall')))]);
    expect(bench.alert('warm', room).condition).toBe('breached');
    bench.advance(30_000);
    expect(bench.alert('warm', room)).toMatchObject({ state: 'active', condition: 'unknown' });
  });
});
