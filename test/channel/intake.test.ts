import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Intake } from '../../src/channel/intake.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Point, PointIndex } from '../../src/domain/point.ts';
import type { Seq } from '../../src/domain/reading.ts';
import { createRoad, type Road, type StoredRow } from './road.ts';

const warm = `
rules:
  warm:
    points: a/t
    above: 20
`;

function intakeOf(...patterns: readonly string[]): Intake {
  const { intake } = createRoad();
  intake.configure(patterns.map((pattern) => ({ kind: 'mqtt', pattern, broker: 'embedded' })));
  return intake;
}

/** The events in which a state changed. */
function transitions({ events }: Road): Road['events'] {
  return events.filter(({ event }) => event.kind === 'transition');
}

function lastRow(road: Road): StoredRow | undefined {
  return road.rows().at(-1);
}

describe('Intake.route()', () => {
  test('Intake.route() finds device and metric by the first source that matches', () => {
    const intake = intakeOf(
      'sensors/{device}/{metric}',
      'sensors/{device}',
      'x/{device}/+/{metric}',
    );
    const found = (topic: string): unknown => {
      const route = intake.route('embedded', topic);
      return route === null ? null : [route.device, route.metric];
    };
    expect(found('sensors/a/t')).toEqual(['a', 't']);
    expect(found('sensors/a')).toEqual(['a', null]);
    expect(found('x/a/y/t')).toEqual(['a', 't']);
    for (const topic of [
      'sensors',
      'sensors//t',
      'sensors/a/',
      'sensors/a/t/x',
      'Sensors/a/t',
      'x',
    ])
      expect(found(topic)).toBeNull();
    expect(intake.route('home', 'sensors/a/t')).toBeNull();
  });

  test('Intake.route() takes nobody’s command for a reading', () => {
    const intake = intakeOf('{device}/{metric}', '+/{device}/{metric}', '+/+/{device}/{metric}');
    for (const topic of ['lamp/set', 'lamp/get', 'cmnd/lamp', 'a/lamp/cmd', 'a/b/lamp/command'])
      expect(intake.route('embedded', topic)).toBeNull();
    for (const topic of ['W/1/2/3', '$SYS/x', '$limen/probe', 'spBv1.0/g/NCMD/n'])
      expect(intake.route('embedded', topic)).toBeNull();
    expect(intake.route('embedded', 'set/lamp')).not.toBeNull();
    expect(intake.route('embedded', 'W/lamp')).not.toBeNull();
  });
});

describe('Intake stores or rejects', () => {
  test('Intake stores a plain number, and a nested object as one reading per metric', () => {
    const road = createRoad();
    expect(road.take('sensors/a/t', '21.5')).toBe(1);
    expect(road.take('sensors/a', '{"t":22,"in":{"h":40},"id":9,"note":"fine"}')).toBe(2);
    expect(road.take('sensors/a/power', '{"l1":1,"l2":2}')).toBe(2);
    expect(road.rows().map(({ point, value, quality }) => [point, value, quality])).toEqual([
      ['a/t', 21.5, 'good'],
      ['a/t', 22, 'good'],
      ['a/in.h', 40, 'good'],
      ['a/power.l1', 1, 'good'],
      ['a/power.l2', 2, 'good'],
    ]);
    expect(road.counts()).toMatchObject({ accepted: 5, stored: 5, rejected: 0 });
  });

  test('Intake takes a metric from the topic although its name is an envelope key', () => {
    const road = createRoad();
    road.take('sensors/a/rssi', '-70');
    road.take('sensors/a/time', '{"value":5}');
    expect(road.rows().map(({ point, value }) => [point, value])).toEqual([
      ['a/rssi', -70],
      ['a/time', 5],
    ]);
  });

  test('Intake counts and quarantines what it cannot read; it makes no point', () => {
    const road = createRoad();
    for (const payload of [
      '{"a":',
      '[1]',
      'online',
      '27,00',
      '{"id":1}',
      '{"x":"words"}',
      '\u00ff',
    ])
      expect(road.take('sensors/a/t', payload)).toBe(0);
    expect(road.take('sensors/a', Buffer.from([0xff]))).toBe(0);
    expect(road.rows()).toEqual([]);
    expect(road.points.size).toBe(0);
    expect(road.counts()).toEqual({
      accepted: 8,
      stored: 0,
      rejected: 8,
      reasons: {
        'not valid JSON': 1,
        'JSON, but not an object': 1,
        'a word that no rule compares with': 3,
        'no metric in the object': 2,
        'not UTF-8': 1,
      },
    });
    expect(road.quarantine.size).toBe(5);
  });

  test('Intake stores a not-a-value word as bad and keeps the raw text in quarantine', () => {
    const road = createRoad();
    expect(road.take('sensors/a/t', 'unavailable')).toBe(1);
    expect(lastRow(road)).toMatchObject({ point: 'a/t', value: null, quality: 'bad' });
    expect(road.quarantine.records()[0]).toMatchObject({
      topic: 'sensors/a/t',
      reason: 'not a value',
      sample_base64: Buffer.from('unavailable').toString('base64'),
    });
    expect(road.counts()).toMatchObject({ accepted: 1, stored: 1, rejected: 0 });
  });

  test('Intake rejects names that are empty, too long or have control characters', () => {
    const road = createRoad();
    const payload = JSON.stringify({ '': 1, 'a\nb': 2, ['x'.repeat(300)]: 3, ok: 4 });
    expect(road.take('sensors/a', payload)).toBe(1);
    expect(road.counts()).toMatchObject({ accepted: 4, stored: 1, rejected: 3 });
  });

  test('Intake rejects points above the bound and keeps those it knows', () => {
    const road = createRoad();
    const metricsEach = limits.payloadMetricsMax;
    for (let device = 0; device < limits.pointsMax / metricsEach; device++) {
      const metrics = Array.from({ length: metricsEach }, (_, index) => [`m${index}`, 1]);
      road.take(`sensors/d${device}`, JSON.stringify(Object.fromEntries(metrics)));
    }
    expect(road.points.size).toBe(limits.pointsMax);
    expect(road.take('sensors/another/t', '1')).toBe(0);
    expect(road.take('sensors/d0/m0', '2')).toBe(1);
    expect(road.counts().reasons).toEqual({ 'too many points': 1 });
  });

  test('Intake refuses readings under a name that only Limen gives', () => {
    const road = createRoad('');
    expect(road.take('sensors/bench/limen.bad_lines', '1')).toBe(0);
    expect(road.take('sensors/bench', '{"limen.bad_lines": 1, "t": 2}')).toBe(1);
    expect(road.take('sensors/limen.bench/t', '1')).toBe(0);
    expect(road.counts().reasons).toEqual({ 'a name that only Limen gives': 3 });
  });

  test('Intake keeps the law of conservation: accepted = stored + rejected with a reason', () => {
    const road = createRoad(`
points:
  a/t: { unit: °C, valid: [-40, 80] }
rules:
  open: { points: a/door, equals: open }
`);
    const scalar = fc.oneof(
      fc.double().map((value) => String(value)),
      fc.constantFrom('on', 'open', 'shut', 'null', '', '1e999', '{', '[1]', 'words', '\u0000'),
      fc.string(),
    );
    const json = fc.json({ maxDepth: 4 });
    const form = fc.record({
      value: fc.oneof(fc.double(), fc.boolean(), fc.string(), fc.constant(null)),
      unit: fc.constantFrom('°C', '°F', 'K', 'bar', 'nonsense'),
      quality: fc.constantFrom('good', 'bad', 'odd', null),
    });
    const message = fc.tuple(
      fc.constantFrom('sensors/a/t', 'sensors/a/door', 'sensors/a', 'sensors/b/c'),
      fc.oneof(
        scalar,
        json,
        form.map((each) => JSON.stringify(each)),
      ),
      fc.boolean(),
    );
    fc.assert(
      fc.property(message, ([topic, payload, retained]) => {
        const before = road.counts();
        const rows = retained ? road.takeRetained(topic, payload) : road.take(topic, payload);
        const after = road.counts();
        expect(after.accepted).toBe(after.stored + after.rejected);
        expect(after.stored - before.stored).toBe(rows);
        if (!retained || payload !== '') expect(after.accepted).toBeGreaterThan(before.accepted);
      }),
      { numRuns: 2_000 },
    );
    expect(road.rows()).toHaveLength(road.counts().stored);
  });

  test('Intake numbers rows without a gap or a twin', () => {
    const road = createRoad();
    for (let i = 0; i < 100; i++) road.take('sensors/a', `{"t":${i},"h":${i}}`);
    const seqs = road.rows().map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(200);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });
});

describe('Intake converts and checks', () => {
  test('Intake learns the unit of the first reading and converts the later ones', () => {
    const road = createRoad();
    road.take('sensors/a/t', '{"value":20,"unit":"degC"}');
    road.take('sensors/a/t', '{"value":68,"unit":"°F"}');
    road.take('sensors/a/t', '21');
    expect(road.rows().map(({ value, unit, raw }) => [value, unit, raw])).toEqual([
      [20, '°C', null],
      [20, '°C', 68],
      [21, '°C', null],
    ]);
  });

  test('Intake prefers the unit of the config, and calls one that does not fit bad', () => {
    const road = createRoad('points: { a/t: { unit: °C } }');
    road.take('sensors/a/t', '{"value":68,"unit":"°F"}');
    road.take('sensors/a/t', '{"value":1,"unit":"bar"}');
    road.take('sensors/a/t', '{"value":1,"unit":"bananas"}');
    expect(road.rows().map(({ value, quality }) => [value, quality])).toEqual([
      [20, 'good'],
      [null, 'bad'],
      [null, 'bad'],
    ]);
    expect(road.quarantine.records().map(({ reason }) => reason)).toEqual([
      'an unknown unit',
      'an incompatible unit',
    ]);
  });

  test('Intake checks the valid range on the converted value, bounds included', () => {
    const road = createRoad('points: { a/t: { unit: °C, valid: [0 °C, 212 °F] } }');
    for (const payload of ['0', '100', '100.1', '-0.1', '{"value":200,"unit":"°F"}'])
      road.take('sensors/a/t', payload);
    road.take('sensors/a/t', '{"value":-400,"unit":"°F"}');
    expect(road.rows().map(({ quality }) => quality)).toEqual([
      'good',
      'good',
      'bad',
      'bad',
      'good',
      'bad',
    ]);
    expect(lastRow(road)).toMatchObject({ value: -240, raw: -400 });
    expect(road.quarantine.records()[0]?.reason).toBe('outside the valid range');
  });

  test('Intake corrects by the calibration of the reading’s own time, and keeps what the device said', () => {
    // The clock of the road starts at 2025-11-23T12:13:20Z.
    const road = createRoad(`
points: { a/t: { unit: °C, valid: [-60, 60], calibrations: [
  { from: 2025-11-23T12:12:20Z, offset: -0.4 }, { from: 2025-11-23T12:13:00Z, scale: 2, offset: 1 } ] } }
rules: { hot: { points: a/t, above: 20 } }
`);
    const at = (agoMs: number): string => `"at":${road.clock.wallMs() - agoMs}`;
    road.take('sensors/a/t', '10');
    road.take('sensors/a/t', '11');
    road.take('sensors/a/t', `{"value":20,${at(20_001)}}`);
    road.take('sensors/a/t', `{"value":20,${at(90_000)}}`);
    road.take('sensors/a/t', '{"value":50,"unit":"°F"}');
    road.take('sensors/a/t', '30');
    expect(road.rows().map(({ value, raw, quality }) => [value, raw, quality])).toEqual([
      [21, 10, 'good'],
      [23, 11, 'good'],
      [19.6, 20, 'good'],
      [20, null, 'good'],
      [21, 50, 'good'],
      [61, 30, 'bad'],
    ]);
    expect(road.events[0]?.evidence).toMatchObject({
      text: '10',
      calibration: { from_at: Date.UTC(2025, 10, 23, 12, 13), scale: 2, offset: 1 },
    });
  });

  test('Intake ignores a calibration of true and false, and of states, and says so', () => {
    const road = createRoad('points: { a/t: { calibrations: [{ offset: 1 }] } }');
    road.take('sensors/a/t', 'true');
    road.take('sensors/a/t', 'false');
    expect(road.rows().map(({ value, raw }) => [value, raw])).toEqual([
      [true, null],
      [false, null],
    ]);
    expect(road.points.problems()).toEqual([
      'calibrations of a/t are not used: its values are not numbers',
    ]);
  });

  test('Intake believes the quality a device gives itself, and none that it does not know', () => {
    const road = createRoad();
    for (const quality of ['good', 'uncertain', 'bad', 'stale', 'wonderful'])
      road.take('sensors/a/t', JSON.stringify({ value: 1, quality }));
    expect(road.rows().map(({ quality }) => quality)).toEqual([
      'good',
      'suspect',
      'bad',
      'stale',
      'bad',
    ]);
  });

  test('Intake gives the same result on the short way and on the long way', () => {
    const forms: readonly ((text: string) => string)[] = [
      (text) => `${text} `,
      (text) => ` ${text}`,
      (text) => `"${text}"`,
      (text) => `\uFEFF${text}`,
    ];
    const number = fc
      .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: 0, max: 4 }))
      .map(([digits, decimals]) => (digits / 10 ** decimals).toFixed(decimals));
    const yaml = 'points: { a/t: { unit: °C, valid: [-500, 500] } }';
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), fc.nat(3), (texts, form) => {
        const [short, long] = [createRoad(yaml), createRoad(yaml)];
        for (const text of ['0', ...texts]) {
          short.take('sensors/a/t', text);
          long.take('sensors/a/t', (forms[form] ?? String)(text));
        }
        const shown = ({ value, quality, unit }: StoredRow): unknown => ({ value, quality, unit });
        expect(short.rows().map(shown)).toEqual(long.rows().map(shown));
        expect(short.counts()).toEqual(long.counts());
      }),
      { numRuns: 150 },
    );
  });
});

describe('Intake settles what a point is', () => {
  const values = (road: Road): unknown[] => road.rows().map(({ value }) => value);

  test('Intake makes a point that first says on or off a boolean; 1 and 0 then mean the same', () => {
    const road = createRoad();
    for (const payload of ['on', 'off', '1', '0', '2', 'true'])
      road.take('sensors/a/pump', payload);
    expect(values(road)).toEqual([true, false, true, false, null, true]);
    expect(road.quarantine.records()[0]?.reason).toBe('a number where true or false is expected');
  });

  test('Intake makes a point that first gives a number a number', () => {
    const road = createRoad();
    for (const payload of ['1', 'on', '0']) road.take('sensors/a/count', payload);
    expect(values(road)).toEqual([1, null, 0]);
    expect(road.quarantine.records()[0]?.reason).toBe('true or false where a number is expected');
  });

  test('Intake lets the first value settle the kind, not the news that there is none', () => {
    const road = createRoad('rules: { open: { points: a/door, equals: open } }');
    for (const payload of ['unavailable', 'on']) road.take('sensors/a/pump', payload);
    for (const payload of ['unavailable', 'open']) road.take('sensors/a/door', payload);
    expect(values(road)).toEqual([null, true, null, 'open']);
  });

  test('Intake remembers over a restart whether there ever was a value', () => {
    const point = (index: number, metric: string): Point => ({
      index: index as PointIndex,
      device: 'a',
      metric,
      unit: null,
      kind: 'number',
      states: [],
    });
    const road = createRoad('', {
      known: [point(1, 'pump'), point(3, 'count')],
      memories: [
        {
          index: 3 as PointIndex,
          value: 5,
          quality: 0,
          seq: null,
          heardAt: null,
          atMs: null,
          badSince: null,
        },
      ],
    });
    road.take('sensors/a/pump', 'on');
    road.take('sensors/a/count', 'on');
    road.take('sensors/a/new', '7');
    expect(values(road)).toEqual([true, null, 7]);
    expect(road.points.lastIndex).toBe(4);
    expect(road.points.size).toBe(3);
  });

  test('Intake takes words for states where a rule compares with one, off and on among them', () => {
    const road = createRoad('rules: { done: { points: washer/state, equals: done } }');
    for (const payload of ['off', 'running', 'done', 'off', 'true', '3', 'null'])
      road.take('sensors/washer/state', payload);
    road.take('sensors/washer', '{"state":"running","phase":"rinse"}');
    expect(values(road)).toEqual(['off', 'running', 'done', 'off', 'true', null, null, 'running']);
    expect(road.points.all()).toMatchObject([
      { kind: 'text', states: ['off', 'running', 'done', 'true'] },
    ]);
    expect(transitions(road).map(({ event }) => event.to)).toEqual(['active', 'normal']);
  });

  test('Intake bounds the states of a point, and their length', () => {
    const road = createRoad('rules: { done: { points: a/state, equals: done } }');
    road.take('sensors/a/state', 'x'.repeat(limits.textStateCharsMax + 1));
    expect(road.points.all()[0]?.kind).toBe('number');
    for (let i = 0; i <= limits.textStatesMax; i++) road.take('sensors/a/state', `state ${i}`);
    road.take('sensors/a/state', 'state 0');
    expect(road.points.all()[0]?.states).toHaveLength(limits.textStatesMax);
    expect(lastRow(road)).toMatchObject({ value: 'state 0', quality: 'good' });
    expect(road.rows().filter(({ quality }) => quality === 'bad')).toHaveLength(2);
  });
});

describe('Intake and time', () => {
  const at = (atMs: number): string => JSON.stringify({ value: 30, at: atMs });

  test('Intake keeps a source time from 7 days ago to 1 minute ahead, else the time of arrival', () => {
    const road = createRoad();
    const now = road.clock.wallMs();
    const day = 86_400_000;
    for (const given of [now - 7 * day, now - 7 * day - 1, now + 60_000, now + 60_001, 5])
      road.take('sensors/a/t', at(given));
    road.take('sensors/a/t', '30');
    expect(road.rows().map(({ atMs }) => atMs - now)).toEqual([-7 * day, 0, 60_000, 0, 0, 0]);
  });

  test('Intake counts the source times it does not use, and keeps a sample of each topic', () => {
    const road = createRoad();
    const now = road.clock.wallMs();
    road.take('sensors/a/t', at(now - 1_000));
    expect(road.intake.statuses()[0]?.source_times_refused).toBe(0);
    for (const given of [now + 60_001, 5, 1e300]) road.take('sensors/a/t', at(given));
    road.take('sensors/a', `{"t":1,"h":2,"at":"2026-11-23T07:30:15"}`);
    expect(road.rows().map(({ quality }) => quality)).toEqual(Array(6).fill('good'));
    expect(road.intake.statuses().map((each) => each.source_times_refused)).toEqual([3, 1]);
    expect(road.counts()).toMatchObject({ accepted: 6, stored: 6, rejected: 0 });
    const reason = 'a source time that cannot be right';
    expect(road.quarantine.records()).toMatchObject([
      { topic: 'sensors/a', reason, count: 1 },
      { topic: 'sensors/a/t', reason, count: 3 },
    ]);
    // What another broker had retained is the past, of any age.
    road.takeRetained('sensors/b/t', at(now - 30 * 86_400_000));
    expect(road.intake.statuses()[0]?.source_times_refused).toBe(3);
  });

  test('Intake keeps no source time while its own clock is not trusted', () => {
    const road = createRoad('', { trusted: false });
    road.take('sensors/a/t', at(road.clock.wallMs() - 1_000));
    expect(lastRow(road)?.atMs).toBe(road.clock.wallMs());
    expect(road.intake.statuses()[0]?.source_times_refused).toBe(1);
    expect(road.quarantine.size).toBe(0);
    // On the short way, and of the past, too: the time is marked as one that is not to be believed.
    road.take('sensors/a/t', '1');
    road.takeRetained('sensors/a/t', '2');
    expect(road.rows().map(({ unsureTime }) => unsureTime)).toEqual([true, true, true]);
    expect(road.rows().map(({ quality }) => quality)).toEqual(['good', 'good', 'stale']);
  });

  test('Intake gives a reading older than two minutes to history only', () => {
    const road = createRoad(warm);
    const now = road.clock.wallMs();
    road.take('sensors/a/t', at(now - limits.lateAfterMs - 1));
    expect(lastRow(road)).toMatchObject({ historyOnly: true, quality: 'good', value: 30 });
    expect(transitions(road)).toEqual([]);
    road.take('sensors/a/t', at(now - limits.lateAfterMs));
    expect(lastRow(road)?.historyOnly).toBe(false);
    expect(transitions(road).map(({ event }) => event.to)).toEqual(['active']);
  });

  test('Intake drops a late reading only if no rule of its point wants it, and counts it', () => {
    const road = createRoad(`
rules:
  a: { points: a/t, above: 20, late: drop, late_after: 1m }
  b: { points: a/t, above: 20, late_after: 5m }
`);
    const now = road.clock.wallMs();
    expect(road.take('sensors/a/t', at(now - 300_000))).toBe(1);
    expect(road.take('sensors/a/t', at(now - 300_001))).toBe(0);
    expect(road.take('sensors/a/t', at(now - 60_000))).toBe(1);
    expect(road.counts()).toEqual({ accepted: 3, stored: 2, rejected: 1, reasons: { late: 1 } });
    expect(road.intake.statuses()[0]).toMatchObject({ late: 2, out_of_order: 0 });
    // It can be read; nothing is wrong with it that a sample could show.
    expect(road.quarantine.size).toBe(0);
    expect(transitions(road).map(({ event }) => [event.alert.rule, event.to])).toEqual([
      ['b', 'active'],
      ['a', 'active'],
    ]);
  });

  test('Intake stores and counts a reading that is older than the one before, as no news', () => {
    const road = createRoad(warm);
    const now = road.clock.wallMs();
    road.take('sensors/a/t', '10');
    road.take('sensors/a/t', at(now - 1_000));
    road.take('sensors/a/t', at(now));
    expect(road.rows().map(({ historyOnly }) => historyOnly)).toEqual([false, true, false]);
    expect(road.intake.statuses()[0]).toMatchObject({ late: 0, out_of_order: 1 });
    expect(transitions(road).map(({ event }) => event.cause)).toEqual([[road.rows()[2]?.seq]]);
  });

  test('Intake shows what another broker had retained as stale, and never judges it', () => {
    const road = createRoad(warm);
    const seen: unknown[] = [];
    road.intake.watcher = (_point, _seq, _atMs, value, code) => seen.push([value, code & 15]);
    const then = road.clock.wallMs() - 60_000;
    expect(road.takeRetained('sensors/a/t', '30')).toBe(1);
    road.takeRetained('sensors/a/t', at(then));
    road.takeRetained('sensors/a/t', 'unavailable');
    // Deleted there; it is no reading here.
    expect(road.takeRetained('sensors/a/t', '')).toBe(0);
    expect(road.counts()).toMatchObject({ accepted: 3, stored: 3 });
    expect(road.rows().map(({ quality, historyOnly }) => [quality, historyOnly])).toEqual([
      ['stale', true],
      ['stale', true],
      ['bad', true],
    ]);
    expect(road.rows()[1]?.atMs).toBe(then);
    expect(transitions(road)).toEqual([]);
    expect(seen[0]).toEqual([30, 3]);
    road.take('sensors/a/t', '30');
    expect(transitions(road)).toHaveLength(1);
  });
});

describe('Intake.evidence()', () => {
  test('Intake.evidence() is the payload of the reading that is judged, and nothing outside of it', () => {
    const road = createRoad(warm);
    road.take('sensors/a/t', '10');
    road.take('sensors/a/t', '30');
    expect(transitions(road).map(({ evidence }) => evidence)).toEqual([
      { topic: 'sensors/a/t', text: '30', base64: null, calibration: null },
    ]);
    expect(road.intake.evidence()).toBeNull();
  });

  test('Intake.evidence() keeps 1 KiB of a longer payload', () => {
    const road = createRoad(warm);
    road.take('sensors/a', `{"t":30,"x":"${'y'.repeat(5_000)}"}`);
    const [first] = transitions(road);
    expect(first?.evidence?.text).toHaveLength(limits.evidenceBytesMax);
  });

  test('Intake.evidence() is not given to what fell due before the reading', () => {
    const road = createRoad(`
rules:
  warm: { points: a/t, above: 20, on_delay: 10s }
`);
    road.take('sensors/a/t', '30');
    road.clock.advance(11_000);
    road.take('sensors/b/t', '5');
    expect(transitions(road).map(({ event, evidence }) => [event.to, evidence?.text])).toEqual([
      ['pending', '30'],
      ['active', undefined],
    ]);
  });
});

describe('Points.evidenceOf()', () => {
  test('Points.evidenceOf() is the payload of the last reading while a delay runs, and is let go with it', () => {
    const road = createRoad(`
rules:
  warm: { points: a/t, above: 20, on_delay: 10s }
`);
    road.take('sensors/a/t', '30');
    const alert = road.events.at(-1)?.event.alert;
    if (alert === undefined) throw new Error('no alert is pending');
    const last = (): Seq | undefined => road.rows().at(-1)?.seq as Seq | undefined;
    road.take('sensors/a/t', '31');
    expect(road.points.evidenceOf(alert, last())).toBeNull();
    road.points.noteDelay(alert);
    road.take('sensors/a/t', '{"value": 32}');
    expect(road.points.evidenceOf(alert, last())?.text).toBe('{"value": 32}');
    expect(road.points.evidenceOf(alert, 1 as Seq)).toBeNull();
    road.points.noteDelay({ ...alert, dueAt: null });
    expect(road.points.evidenceOf(alert, last())).toBeNull();
  });
});
