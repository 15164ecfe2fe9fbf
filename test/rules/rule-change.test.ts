import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../src/domain/point.ts';
import {
  above,
  edges,
  fridge,
  level,
  makePoint,
  makeRule,
  pointEntry,
  startBench,
} from './bench.ts';

const delayed = makeRule({ levels: [level({ onDelayMs: 10_000 })], offDelayMs: 10_000 });

describe('applyConfig() with an unchanged judgement', () => {
  test('leaves state and timers alone and applies the rest in place', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.take();
    bench.config(5_000, [{ ...delayed, message: '{device} at {value} {unit}', then: [] }]);
    expect(bench.take()).toEqual([]);
    bench.advance(10_000);
    expect(bench.alert()).toMatchObject({ state: 'active', message: 'fridge at 6 °C' });
  });

  test('lets an alert go that only a latch held', () => {
    const bench = startBench([makeRule({ latch: true })]);
    bench.read(0, 6);
    bench.read(1, 0);
    bench.config(2, [makeRule({ latch: false })]);
    expect(bench.alert()).toMatchObject({ state: 'returned', latched: false });
  });

  test('latches a raised alert whose rule gets a latch', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.config(1, [makeRule({ latch: true })]);
    bench.read(2, 0);
    expect(bench.alert()).toMatchObject({ state: 'active', latched: true });
  });
});

describe('applyConfig() with a changed judgement', () => {
  test('restarts a running on-delay', () => {
    const bench = startBench([delayed]);
    bench.read(0, 6);
    bench.config(5_000, [makeRule({ levels: [level({ onDelayMs: 20_000 })] })]);
    expect(edges(bench.events).at(-1)).toBe('pending>pending rule_changed');
    bench.advance(24_999);
    expect(bench.alert().state).toBe('pending');
    bench.advance(25_000);
    expect(bench.alert().state).toBe('active');
  });

  test('judges the last good value anew, in both directions', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.config(1, [makeRule({ levels: [level({ comparator: above(10) })] })]);
    bench.config(2, [makeRule()]);
    expect(edges(bench.events)).toEqual([
      'normal>active breached',
      'active>active rule_changed',
      'active>returned off_delay_over',
      'returned>returned rule_changed',
      'returned>active on_delay_over',
    ]);
  });

  test('never clears on a value that is bad or stale', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.read(1, NaN, 'bad');
    bench.config(2, [makeRule({ levels: [level({ comparator: above(10) })] })]);
    expect(bench.alert()).toMatchObject({ state: 'active', condition: 'unknown' });
  });

  test('keeps an alert raised whose level is gone', () => {
    const both = [level(), level({ severity: 'critical', comparator: above(10) })];
    const bench = startBench([makeRule({ levels: both })]);
    bench.read(0, 11);
    bench.config(1, [makeRule()]);
    expect(bench.alert()).toMatchObject({
      state: 'active',
      severity: 'warning',
      severityMax: 'critical',
    });
  });

  test('escalates at once when a new level is passed', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 11);
    bench.act(1, 'acknowledge');
    const both = [level(), level({ severity: 'critical', comparator: above(10) })];
    bench.config(2, [makeRule({ levels: both })]);
    expect(edges(bench.events).slice(-2)).toEqual([
      'acknowledged>acknowledged rule_changed',
      'acknowledged>active escalated',
    ]);
  });

  describe('to a higher severity', () => {
    const warning = makeRule({ acknowledge: null });
    const critical = makeRule({ acknowledge: null, levels: [level({ severity: 'critical' })] });

    test('is an escalation: an acknowledgement of the warning does not stand for the critical one', () => {
      const bench = startBench([warning]);
      bench.read(0, 6);
      bench.act(1, 'acknowledge', { comment: 'seen' });
      bench.config(2, [critical]);
      expect(edges(bench.events).slice(-2)).toEqual([
        'acknowledged>acknowledged rule_changed',
        'acknowledged>active escalated',
      ]);
      expect(bench.alert()).toMatchObject({
        state: 'active',
        severity: 'critical',
        severityMax: 'critical',
        acknowledgedBy: null,
        comment: null,
        raises: 1,
      });
      bench.read(3, 0);
      expect(bench.alert()).toMatchObject({ state: 'returned', severityMax: 'critical' });
    });

    test('is told once when a more severe level still is due at the same moment', () => {
      const bench = startBench([makeRule({ levels: [level({ severity: 'info' })] })]);
      bench.read(0, 11);
      const both = [level(), level({ severity: 'critical', comparator: above(10) })];
      bench.config(1, [makeRule({ levels: both })]);
      expect(edges(bench.events).slice(1)).toEqual([
        'active>active rule_changed',
        'active>active escalated',
      ]);
      expect(bench.alert()).toMatchObject({ severity: 'critical', severityMax: 'critical' });
    });

    test('escalates also when nobody knows the value', () => {
      const bench = startBench([warning]);
      bench.read(0, 6);
      bench.read(1, NaN, 'bad');
      bench.config(2, [critical]);
      expect(edges(bench.events).at(-1)).toBe('active>active escalated');
    });

    test('calls nobody when the value is clear of the new limit, but wants to be seen', () => {
      const bench = startBench([warning]);
      bench.read(0, 6);
      const higher = [level({ severity: 'critical', comparator: above(10) })];
      bench.config(1, [makeRule({ acknowledge: null, levels: higher, offDelayMs: 10 })]);
      expect(bench.alert()).toMatchObject({ severity: 'critical', severityMax: 'critical' });
      bench.advance(11);
      expect(edges(bench.events).slice(1)).toEqual([
        'active>active rule_changed',
        'active>returned off_delay_over',
      ]);
    });

    test('never shows a returned alert as less severe at most than it is', () => {
      const bench = startBench([makeRule()]);
      bench.read(0, 6);
      bench.read(1, 0);
      bench.config(2, [makeRule({ levels: [level({ severity: 'critical' })] })]);
      expect(bench.alert()).toMatchObject({
        state: 'returned',
        severity: 'critical',
        severityMax: 'critical',
      });
    });

    test('is an escalation as well if the rule was changed while Limen was down', () => {
      const bench = startBench([warning]);
      bench.read(0, 6);
      bench.act(1, 'acknowledge');
      const again = bench.reborn(10, [critical]);
      again.started(10);
      expect(edges(again.events)).toEqual([
        'acknowledged>acknowledged rule_changed',
        'acknowledged>active escalated',
      ]);
      expect(again.alert()).toMatchObject({ severity: 'critical', severityMax: 'critical' });
      again.read(11, 0);
      expect(again.alert().state).toBe('returned');
    });
  });

  test('goes on when the comparator changes from a value to a silence', () => {
    const silent = level({ comparator: { kind: 'silent_for', forMs: 60_000 } });
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.config(1, [makeRule({ levels: [silent] })]);
    expect(bench.alert()).toMatchObject({ state: 'returned', unit: 's' });
    bench.advance(60_000);
    expect(bench.alert()).toMatchObject({ state: 'active', raises: 2, value: 60 });
  });
});

describe('applyConfig() with rules and points that come and go', () => {
  test('ends the alerts of a removed rule', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.config(1, []);
    expect(edges(bench.events).at(-1)).toBe('active>normal removed');
    expect(bench.engine.find({ rule: 'warm', device: 'fridge', metric: 'temperature' })).toBeNull();
  });

  test('says that it is removed, and not that it went back', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.config(1, []);
    const end = bench.events.find(({ to, alert }) => to === 'normal' && alert.rule === 'warm');
    expect(end?.alert.message).toBe(
      'warm/fridge/temperature is not watched any more: its rule or point was removed from the config; it was active: fridge/temperature is 6 °C, above 5 °C',
    );
  });

  test('does not miss a point that was heard before a rule named it', () => {
    const bench = startBench([]);
    bench.read(0, 4);
    bench.config(1, [makeRule()]);
    bench.advance(3_600_000);
    expect(bench.alert('limen.never_heard').state).toBe('normal');
  });

  test('ends the alert of a point that the rule does not match any more', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.config(1, [makeRule({ points: [compilePattern('attic/temperature')] })]);
    expect(edges(bench.events).at(-1)).toBe('active>normal removed');
  });

  test('goes on counting when a rule comes back, and judges the value that is there', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 6);
    bench.config(1, []);
    bench.config(2, [makeRule()]);
    expect(bench.alert()).toMatchObject({ id: 'warm/fridge/temperature/2', state: 'active' });
  });

  test('gives a new point the alerts of every rule that matches it', () => {
    const wide = makeRule({ points: [compilePattern('*/temperature')] });
    const bench = startBench([wide]);
    const attic = makePoint(100, 'attic', 'temperature');
    bench.point(1, attic);
    bench.read(2, 6, 'good', attic);
    expect(bench.alert('warm', attic).state).toBe('active');
  });

  test('watches for silence from the config that asks for it, and only as long', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 4);
    bench.config(1_000, [makeRule()], [pointEntry('*/temperature', { expectEveryMs: 1_000 })]);
    bench.advance(3_000);
    expect(bench.alert('limen.stale').state).toBe('active');
    bench.config(4_000, [makeRule()]);
    const key = { rule: 'limen.stale', device: fridge.device, metric: fridge.metric };
    expect(bench.engine.find(key)).toBeNull();
    bench.read(5_000, 4);
    expect(bench.alert()).toMatchObject({ condition: 'clear', quality: 'good' });
  });
});

describe('applyConfig() with overrides', () => {
  const points = ['fridge-1', 'fridge-2'].map((device, index) =>
    makePoint(index + 1, device, 'temperature'),
  );
  const [one, two] = points;
  const patterns = [compilePattern('fridge-2/*')];
  const rule = makeRule({
    points: [compilePattern('*/temperature')],
    levels: [level({ onDelayMs: 10_000 })],
  });
  const changes = {
    levels: [level({ onDelayMs: 20_000 })],
    offDelayMs: 0,
    unknown: 'hold',
    message: null,
  } as const;

  test('judges anew only the alerts of the points that an added override is about', () => {
    const bench = startBench([rule], [], points);
    bench.read(0, 6, 'good', one);
    bench.read(0, 6, 'good', two);
    bench.take();
    bench.config(5_000, [{ ...rule, variants: [{ patterns, changes }] }]);
    expect(bench.take().map(({ alert, reason }) => `${alert.device} ${reason}`)).toEqual([
      'fridge-2 rule_changed',
    ]);
    bench.advance(10_000);
    bench.advance(25_000);
    expect(bench.take().map(({ alert, to, at }) => `${alert.device} ${to} ${at}`)).toEqual([
      'fridge-1 active 10000',
      'fridge-2 active 25000',
    ]);
  });
});
