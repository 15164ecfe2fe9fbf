import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../src/domain/point.ts';
import {
  edges,
  fridge,
  level,
  makePoint,
  makeRule,
  ownSettings,
  pointEntry,
  startBench,
  type Bench,
} from '../bench.ts';

const every10s = [pointEntry('fridge/temperature', { expectEveryMs: 10_000 })];
const minute = 60_000;

describe('limen.stale', () => {
  test('is raised after three intervals, and the alerts of the point stay and become unknown', () => {
    const bench = startBench([makeRule()], every10s);
    bench.read(1_000, 6);
    bench.advance(30_999);
    expect(bench.alert().condition).toBe('breached');
    bench.take();
    bench.advance(31_000);
    expect(bench.alert()).toMatchObject({
      state: 'active',
      condition: 'unknown',
      quality: 'stale',
    });
    expect(bench.alert('limen.stale')).toMatchObject({
      state: 'active',
      severity: 'warning',
      value: 30,
      limit: 30,
      unit: 's',
      message: 'fridge/temperature has not been heard for 30 s',
    });
    expect(bench.take().map((event) => event.at)).toEqual([31_000, 31_000]);
  });

  test('is cleared by the next good reading, and tells how long the silence was', () => {
    const bench = startBench([makeRule()], every10s);
    bench.read(0, 6);
    bench.read(40_000, NaN, 'bad');
    expect(bench.alert('limen.stale').state).toBe('active');
    bench.take();
    bench.read(90_000, 6);
    const end = bench
      .take()
      .find(({ to, alert }) => to === 'normal' && alert.rule === 'limen.stale');
    expect(end?.alert).toMatchObject({
      state: 'normal',
      worst: 90,
      message: 'fridge/temperature is heard (worst 1 min 30 s, lasted 1 min)',
    });
    expect(bench.alert()).toMatchObject({ condition: 'breached', quality: 'good' });
  });

  test('is not postponed by bad readings', () => {
    const bench = startBench([makeRule()], every10s);
    bench.read(0, 6);
    for (let at = 1_000; at <= 30_000; at += 1_000) bench.read(at, NaN, 'bad');
    expect(bench.alert('limen.stale').state).toBe('active');
  });

  test('is not raised while readings come, and they cost no event', () => {
    const bench = startBench([makeRule()], every10s);
    bench.read(0, 4);
    bench.take();
    for (let at = 1_000; at <= 200_000; at += 1_000) bench.read(at, 4);
    expect(bench.take()).toEqual([]);
  });

  test('is raised at a whole millisecond if the interval that was learned is no three whole parts', () => {
    const own = ownSettings('limen.stale', {
      then: [{ kind: 'notify', notifier: 'ann', on: ['active'] }],
      repeatMs: [20_000],
    });
    const before = startBench([], [], [fridge], [own]);
    before.learned(0, { point: fridge.index, staleAfterMs: 10_000, via: null });
    before.read(603, 4);
    const bench = before.reborn(90_603, [], [], [fridge], [own]);
    bench.started(90_603, { elapsedMs: 80_000, downMs: 80_000 });
    bench.take();
    bench.advance(100_000);
    const told = (): unknown =>
      bench.take().flatMap(({ kind, at, reason }) => (kind === 'condition' ? [] : [[reason, at]]));
    expect(told()).toEqual([['breached', 93_937]]);
    // By rounding alone the second repetition would come due for ever.
    bench.advance(160_000);
    expect(told()).toEqual([
      ['repeated', 113_937],
      ['repeated', 133_937],
      ['repeated', 153_937],
    ]);
  });
});

describe('limen.never_heard', () => {
  test('is raised for a point named in full that is not heard, known or not', () => {
    const bench = startBench([makeRule()], [], []);
    bench.advance(10 * minute - 1);
    expect(bench.alert('limen.never_heard').state).toBe('normal');
    bench.advance(10 * minute);
    expect(bench.alert('limen.never_heard')).toMatchObject({
      state: 'active',
      value: 600,
      limit: 600,
      message: 'fridge/temperature has never been heard',
    });
  });

  test('waits for expect_every if that is set, and ends with the first good reading', () => {
    const bench = startBench([makeRule()], every10s);
    bench.advance(10_000);
    expect(bench.alert('limen.never_heard').state).toBe('active');
    bench.read(11_000, NaN, 'bad');
    expect(bench.alert('limen.never_heard').state).toBe('active');
    bench.read(12_000, 4);
    expect(bench.alert('limen.never_heard')).toMatchObject({ state: 'normal', worst: 12 });
  });

  test('never comes back for a point that was heard', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 4);
    bench.advance(100 * minute);
    expect(edges(bench.events)).toEqual([]);
  });

  test('watches that a wildcard finds enough points', () => {
    const attic = makePoint(2, 'attic', 'temperature');
    const entry = pointEntry('*/temperature', { atLeast: 2, expectEveryMs: minute });
    const bench = startBench([], [entry], [fridge, attic]);
    const about = { device: '*', metric: 'temperature' };
    bench.read(0, 4);
    bench.advance(minute);
    expect(bench.alert('limen.never_heard', about).state).toBe('active');
    bench.read(2 * minute, 4, 'good', attic);
    expect(bench.alert('limen.never_heard', about).state).toBe('normal');
  });
});

describe('limen.bad', () => {
  test('is raised when a point has been bad for three intervals without a break', () => {
    const bench = startBench([makeRule()], every10s);
    bench.read(0, 4);
    bench.read(5_000, NaN, 'bad');
    bench.read(20_000, 4);
    bench.read(25_000, NaN, 'bad');
    bench.advance(54_999);
    expect(bench.alert('limen.bad').state).toBe('normal');
    bench.advance(55_000);
    expect(bench.alert('limen.bad')).toMatchObject({
      state: 'active',
      message: 'fridge/temperature has had only bad values for 30 s',
    });
    bench.read(60_000, 4);
    expect(bench.alert('limen.bad').state).toBe('normal');
  });

  test('takes ten minutes for an interval that is not set', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, NaN, 'bad');
    bench.advance(30 * minute - 1);
    expect(bench.alert('limen.bad').state).toBe('normal');
    bench.advance(30 * minute);
    expect(bench.alert('limen.bad').state).toBe('active');
  });

  test('is raised although Limen was killed while the point was bad, and nothing was told yet', () => {
    const bench = startBench([makeRule()], every10s);
    bench.read(0, 4);
    bench.read(5_000, NaN, 'bad');
    const { points, ...rest } = bench.engine.snapshot();
    const killed = { ...rest, points, alerts: [] };
    const next = bench.reborn(20_000, [makeRule()], every10s, [fridge], [], killed);
    next.started(20_000, { elapsedMs: 10_000 });
    next.read(30_000, NaN, 'bad');
    next.advance(34_999);
    expect(next.alert('limen.bad').state).toBe('normal');
    next.advance(35_000);
    expect(next.alert('limen.bad').state).toBe('active');
  });

  test('waits no longer for a point that has shown itself since the start', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, NaN, 'bad');
    bench.started(0, {});
    bench.read(1_000, 4);
    bench.learned(2_000, { point: fridge.index, staleAfterMs: 30_000, via: null });
    bench.read(5_000, NaN, 'bad');
    bench.advance(34_999);
    expect(bench.alert('limen.bad').state).toBe('normal');
    bench.advance(35_000);
    expect(bench.alert('limen.bad').state).toBe('active');
  });
});

describe('limen.was_down', () => {
  const about = { device: 'limen', metric: '-' };

  test('is raised and returned at once after a stop of more than a minute', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 4);
    bench.take();
    bench.started(120_000, { elapsedMs: 90_000, downMs: 90_000 });
    const own = bench.take().filter(({ alert }) => alert.rule === 'limen.was_down');
    expect(edges(own)).toEqual(['normal>active breached', 'active>returned off_delay_over']);
    expect(bench.alert('limen.was_down', about)).toMatchObject({
      state: 'returned',
      condition: 'clear',
      severity: 'warning',
      value: 90,
      limit: 60,
      message:
        'Limen was down from 2023-11-14T22:13:50Z to 2023-11-14T22:15:20Z (1 min 30 s); ' +
        'last values before: fridge/temperature 4 °C',
    });
    const alert = { rule: 'limen.was_down', ...about };
    expect(bench.act(130_000, 'acknowledge', { alert })).toMatchObject({ result: 'done' });
    expect(bench.alert('limen.was_down', about).state).toBe('normal');
  });

  const message = (bench: Bench): string => bench.alert('limen.was_down', about).message;
  const stop = { elapsedMs: 90_000, downMs: 90_000 };
  const head = 'Limen was down from 2023-11-14T22:13:50Z to 2023-11-14T22:15:20Z (1 min 30 s); ';

  test('tells the times of the clock on the wall, also over a night in which it was put back', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 4);
    const hour = 60 * minute;
    const localOffsetsMs = { stopped: 2 * hour, started: hour };
    bench.started(120_000, { ...stop, localOffsetsMs });
    expect(message(bench)).toBe(
      'Limen was down from 2023-11-15 00:13:50 to 2023-11-14 23:15:20 (1 min 30 s); ' +
        'last values before: fridge/temperature 4 °C',
    );
  });

  test('tells the first values once every point it names has been heard', () => {
    const attic = makePoint(2, 'attic', 'door', { kind: 'text', states: ['shut', 'open'] });
    const bench = startBench([makeRule()], [], [fridge, attic]);
    bench.read(0, 4);
    bench.read(0, 0, 'good', attic);
    bench.started(120_000, stop);
    expect(message(bench)).toBe(
      `${head}last values before: fridge/temperature 4 °C, attic/door shut`,
    );
    bench.read(121_000, 5.5);
    bench.read(122_000, 7);
    bench.read(123_000, NaN, 'bad', attic);
    bench.take();
    bench.read(124_000, 1, 'good', attic);
    expect(bench.take().map(({ kind, to, alert }) => [kind, to, alert.message])).toEqual([
      [
        'condition',
        'returned',
        `${head}last and first values: fridge/temperature 4 °C → 5.5 °C, attic/door shut → open`,
      ],
    ]);
    bench.read(125_000, 8);
    bench.advance(10 * minute);
    expect(bench.take()).toEqual([]);
  });

  test('tells what it has when the expected interval of the points is over, also from a snapshot', () => {
    const attic = makePoint(2, 'attic', 'temperature');
    const entries = [pointEntry('*/temperature', { expectEveryMs: 10_000 })];
    const bench = startBench([makeRule()], entries, [fridge, attic]);
    bench.read(0, 4);
    bench.read(0, 20, 'good', attic);
    bench.started(120_000, stop);
    bench.read(121_000, 5);
    const again = bench.reborn(122_000, [makeRule()], entries, [fridge, attic]);
    for (const one of [bench, again]) {
      one.advance(129_999);
      expect(message(one)).toContain('last values before');
      one.advance(130_000);
      expect(message(one)).toBe(
        `${head}last and first values: ` +
          'fridge/temperature 4 °C → 5 °C, attic/temperature 20 → not heard yet',
      );
    }
  });

  test('names twenty points at most, and none where nothing was known', () => {
    const points = Array.from({ length: 23 }, (_, index) =>
      makePoint(index + 1, 'rack', `t${index}`),
    );
    const bench = startBench([], [], points);
    for (const point of points) bench.read(0, 1, 'good', point);
    bench.started(120_000, stop);
    expect(message(bench)).toContain('rack/t19 1 and 3 more');
    const empty = startBench([], [], points);
    empty.started(120_000, stop);
    expect(message(empty)).toBe(`${head}no point had a value before`);
  });

  test('keeps the last values it told when Limen stops again before the first ones came', () => {
    const bench = startBench([makeRule()]);
    bench.read(0, 4);
    bench.started(120_000, stop);
    const again = bench.reborn(130_000, [makeRule()]);
    again.started(130_000, { elapsedMs: 1_000, downMs: 1_000 });
    again.read(131_000, 5);
    again.advance(60 * minute);
    expect(message(again)).toBe(`${head}last values before: fridge/temperature 4 °C`);
  });

  test('follows a point whose unit changes meanwhile', () => {
    const bench = startBench([]);
    bench.read(0, 4);
    bench.started(120_000, stop);
    const inFahrenheit = makePoint(2, 'fridge', 'temperature', { unit: '°F' });
    bench.point(121_000, inFahrenheit, fridge);
    bench.read(122_000, 41, 'good', inFahrenheit);
    expect(message(bench)).toBe(`${head}last and first values: fridge/temperature 4 °C → 41 °F`);
  });

  test('is not raised after a minute or less, or when nobody knows', () => {
    const bench = startBench([makeRule()]);
    bench.started(60_000, { elapsedMs: 60_000, downMs: 60_000 });
    bench.started(60_001, { elapsedMs: null, downMs: null });
    expect(bench.engine.find({ rule: 'limen.was_down', ...about })).toBeNull();
  });

  test('is raised again under the same id while nobody has seen it', () => {
    const bench = startBench([makeRule()]);
    bench.started(100_000, { downMs: 90_000 });
    bench.started(300_000, { downMs: 61_000 });
    expect(bench.alert('limen.was_down', about)).toMatchObject({ state: 'returned', raises: 2 });
  });
});

describe('silent_for', () => {
  const silent = makeRule({
    name: 'quiet',
    points: [compilePattern('fridge/*')],
    levels: [
      level({ comparator: { kind: 'silent_for', forMs: 5 * minute } }),
      level({ severity: 'critical', comparator: { kind: 'silent_for', forMs: 20 * minute } }),
    ],
    acknowledge: 'not_required',
  });

  test('is breached when the point has not been heard for that long, level by level', () => {
    const bench = startBench([silent]);
    bench.read(minute, 4);
    bench.read(2 * minute, 4);
    bench.advance(7 * minute);
    expect(bench.alert('quiet')).toMatchObject({
      state: 'active',
      value: 300,
      limit: 300,
      unit: 's',
    });
    bench.advance(22 * minute);
    expect(bench.alert('quiet')).toMatchObject({ severity: 'critical', value: 1200, limit: 1200 });
    bench.read(30 * minute, 4);
    expect(bench.alert('quiet')).toMatchObject({ state: 'normal', worst: 1680 });
  });

  test('stays breached, not unknown, when the point goes stale', () => {
    const bench = startBench(
      [silent],
      [pointEntry('fridge/temperature', { expectEveryMs: 2 * minute })],
    );
    bench.read(0, 4);
    bench.advance(10 * minute);
    expect(bench.alert('quiet')).toMatchObject({ condition: 'breached', quality: 'stale' });
  });

  test('counts from the start for a point that was never heard', () => {
    const bench = startBench([silent]);
    bench.advance(5 * minute);
    expect(bench.alert('quiet').state).toBe('active');
  });
});

describe("Limen's own rules", () => {
  const dead = ownSettings('limen.stale', {
    severity: 'critical',
    message: 'nothing from {device} for {value} s',
  });

  test('have the severity, the message and the acknowledgement that the config gives them', () => {
    const bench = startBench([makeRule()], every10s, [fridge], [dead]);
    bench.read(0, 6);
    bench.advance(30_000);
    expect(bench.alert('limen.stale')).toMatchObject({
      severity: 'critical',
      message: 'nothing from fridge for 30 s',
    });
    bench.read(40_000, 6);
    // Critical: somebody has to see it.
    expect(bench.alert('limen.stale').state).toBe('returned');
  });

  test('are changed in place while their alert stands; a higher severity escalates it', () => {
    const bench = startBench([makeRule()], every10s);
    bench.read(0, 6);
    bench.advance(30_000);
    const { id } = bench.alert('limen.stale');
    bench.act(31_000, 'acknowledge', {
      alert: { rule: 'limen.stale', device: 'fridge', metric: 'temperature' },
    });
    bench.take();
    bench.config(40_000, [makeRule()], every10s, [dead]);
    expect(edges(bench.take())).toEqual(['acknowledged>active escalated']);
    expect(bench.alert('limen.stale')).toMatchObject({
      id,
      severity: 'critical',
      severityMax: 'critical',
      value: 40,
    });
    bench.config(50_000, [makeRule()], every10s);
    expect(edges(bench.take())).toEqual([]);
    expect(bench.alert('limen.stale')).toMatchObject({ id, state: 'active', severity: 'warning' });
    bench.read(60_000, 6);
    expect(bench.alert('limen.stale').state).toBe('normal');
  });

  test('go on over a restart under another severity', () => {
    const first = startBench([makeRule()], every10s);
    first.read(0, 6);
    first.advance(30_000);
    const next = first.reborn(60_000, [makeRule()], every10s, [fridge], [dead]);
    next.started(60_000, { elapsedMs: 1_000, downMs: 1_000 });
    expect(next.alert('limen.stale')).toMatchObject({ state: 'active', severity: 'critical' });
    next.read(61_000, 6);
    expect(next.alert('limen.stale').state).toBe('returned');
  });
});

describe('a fault that the engine is told of', () => {
  const fault = (bench: Bench, at: number, isThere: boolean, note: string): void =>
    bench.give(at, {
      kind: 'fault',
      rule: 'limen.notifier_failed',
      device: 'kitchen',
      isThere,
      note,
    });
  const kitchen = { device: 'kitchen', metric: '-' };

  test('is an alert of its own until it is over, told again nothing new', () => {
    const bench = startBench([makeRule()]);
    fault(bench, 1_000, false, 'never failed');
    expect(bench.events).toEqual([]);
    fault(bench, 2_000, true, 'HTTP 503');
    fault(bench, 3_000, true, 'HTTP 503');
    expect(bench.alert('limen.notifier_failed', kitchen)).toMatchObject({
      state: 'active',
      value: null,
      limit: null,
      message: 'HTTP 503',
    });
    fault(bench, 4_000, false, 'works again');
    expect(edges(bench.events)).toEqual(['normal>active breached', 'active>normal off_delay_over']);
    expect(bench.alert('limen.notifier_failed', kitchen).message).toBe('works again');
  });

  test('goes on over a restart', () => {
    const bench = startBench([makeRule()]);
    fault(bench, 2_000, true, 'HTTP 503');
    const next = bench.reborn(10_000, [makeRule()]);
    next.started(10_000, { elapsedMs: 1_000, downMs: 1_000 });
    expect(next.alert('limen.notifier_failed', kitchen)).toMatchObject({
      state: 'active',
      message: 'HTTP 503',
    });
    fault(next, 11_000, false, 'works again');
    expect(next.alert('limen.notifier_failed', kitchen).state).toBe('normal');
  });
});
