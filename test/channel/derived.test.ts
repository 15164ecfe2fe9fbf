import { describe, expect, test } from 'vitest';
import { createRoad, configOf, type Road, type StoredRow } from './road.ts';

const climate = `
points:
  shed/temperature: { unit: °F }
  shed/dew_point:
    expression: t - (100 - rh) / 5
    inputs: { t: shed/temperature °C, rh: shed/humidity }
    unit: °C
    valid: [-40, 40]
rules:
  muggy: { points: shed/dew_point, above: 12 }
`;

function derivedRows(road: Road, name = 'shed/dew_point'): readonly StoredRow[] {
  return road.rows().filter(({ point }) => point === name);
}

function lastDerived(road: Road, name?: string): StoredRow | undefined {
  return derivedRows(road, name).at(-1);
}

describe('a derived point', () => {
  test('is stored as a reading of its own, right after the reading that changed it', () => {
    const road = createRoad(climate);
    expect(road.take('sensors/shed/temperature', '68')).toBe(1);
    expect(derivedRows(road)).toEqual([]);
    expect(road.take('sensors/shed/humidity', '50')).toBe(2);
    const [, humidity, dewPoint] = road.rows();
    expect(dewPoint).toMatchObject({
      point: 'shed/dew_point',
      value: 10,
      unit: '°C',
      quality: 'good',
    });
    expect(dewPoint?.seq).toBeGreaterThan(humidity?.seq ?? 0);
    // The short way, too.
    expect(road.take('sensors/shed/humidity', '60')).toBe(2);
    expect(lastDerived(road)?.value).toBe(12);
  });

  test('has the newest time of its inputs, and readings of the past calculate nothing', () => {
    const road = createRoad(climate);
    const now = road.clock.wallMs();
    road.take('sensors/shed/temperature', `{"value": 68, "at": ${now - 20_000}}`);
    road.take('sensors/shed/humidity', `{"value": 50, "at": ${now - 60_000}}`);
    expect(derivedRows(road).map(({ atMs }) => atMs)).toEqual([now - 20_000]);
    expect(road.take('sensors/shed/humidity', `{"value": 90, "at": ${now - 600_000}}`)).toBe(1);
    expect(road.takeRetained('sensors/shed/humidity', '90')).toBe(1);
    expect(derivedRows(road)).toHaveLength(1);
  });

  test('follows from a payload as a whole, not from half of it', () => {
    const road = createRoad(climate);
    road.take('sensors/shed', '{"temperature": 68, "humidity": 50}');
    expect(road.take('sensors/shed', '{"temperature": 86, "humidity": 20}')).toBe(3);
    expect(derivedRows(road).map(({ value }) => value)).toEqual([10, 14]);
  });

  test('is bad while an input is bad, and suspect while one is suspect', () => {
    const road = createRoad(climate);
    road.take('sensors/shed/temperature', '68');
    road.take('sensors/shed/humidity', 'unavailable');
    expect(lastDerived(road)).toMatchObject({ value: null, quality: 'bad' });
    road.take('sensors/shed/temperature', '70');
    expect(lastDerived(road)).toMatchObject({ value: null, quality: 'bad' });
    road.take('sensors/shed/humidity', '{"value": 50, "quality": "suspect"}');
    expect(lastDerived(road)?.quality).toBe('suspect');
    road.take('sensors/shed/humidity', '50');
    expect(lastDerived(road)?.quality).toBe('good');
  });

  test('tells of an input without a usable value that it has none, and not what it last was', () => {
    const road = createRoad(`
points: { shed/sum: { expression: t + h, inputs: { t: shed/temperature °C, h: shed/humidity } } }
rules: { high: { points: shed/sum, above: 5, severity: warning } }
`);
    road.take('sensors/shed/temperature', '20');
    road.take('sensors/shed/humidity', '70');
    road.take('sensors/shed/humidity', 'unavailable');
    const unknown = road.events.findLast(({ event }) => event.alert.condition === 'unknown');
    expect(unknown?.evidence?.text).toMatch(
      /^t = 20 °C \(shed\/temperature, row \d+\), h = unusable \(shed\/humidity, row \d+, last 70\)$/,
    );
  });

  test('out of its valid range is bad, with the number and a sample of what it came from', () => {
    const road = createRoad(climate);
    road.take('sensors/shed/temperature', '140');
    road.take('sensors/shed/humidity', '100');
    expect(lastDerived(road)).toMatchObject({ value: 60, quality: 'bad' });
    const [sample] = road.quarantine.records();
    expect(sample).toMatchObject({
      source: 'expression',
      topic: 'shed/dew_point',
      reason: 'outside the valid range',
    });
    expect(Buffer.from(sample?.sample_base64 ?? '', 'base64').toString()).toBe(
      't = 60 °C (shed/temperature, row 3), rh = 100 (shed/humidity, row 5)',
    );
  });

  test('without a finite result is bad', () => {
    const road = createRoad(
      'points: { pump/power: { expression: work / h, inputs: { work: pump/work, h: pump/hours } } }',
    );
    road.take('sensors/pump', '{"work": 10, "hours": 0}');
    expect(lastDerived(road, 'pump/power')).toMatchObject({ value: null, quality: 'bad' });
    expect(road.quarantine.records()[0]?.reason).toBe('no finite number');
    road.take('sensors/pump/hours', '4');
    expect(lastDerived(road, 'pump/power')).toMatchObject({ value: 2.5, quality: 'good' });
  });

  test('whose input turns out to be in another unit is bad, and the log is told once', () => {
    const road = createRoad(
      'points: { shed/double: { expression: 2 * t, inputs: { t: shed/temperature °C } } }',
    );
    road.take('sensors/shed/temperature', '{"value": 20, "unit": "%"}');
    road.take('sensors/shed/temperature', '{"value": 21, "unit": "%"}');
    expect(derivedRows(road, 'shed/double').map(({ quality }) => quality)).toEqual(['bad', 'bad']);
    expect(road.problems).toEqual([
      'shed/double cannot be calculated: t is in %, not in a unit like °C',
    ]);
  });

  test('counts as a source of its own, and what is accepted is stored or rejected', () => {
    const road = createRoad(climate);
    road.take('sensors/shed', '{"temperature": 68, "humidity": 50}');
    road.take('sensors/shed/humidity', 'unavailable');
    const lines = road.intake.statuses().map(({ source, accepted }) => [source, accepted]);
    expect(lines).toContainEqual(['expression', 2]);
    const { accepted, stored, rejected } = road.counts();
    expect(accepted).toBe(stored + rejected);
    expect(road.rows()).toHaveLength(stored);
  });

  test('cannot be reported by a source', () => {
    const road = createRoad(climate);
    expect(road.take('sensors/shed/dew_point', '99')).toBe(0);
    expect(road.take('sensors/shed/dew_point', '99')).toBe(0);
    expect(road.counts().reasons).toEqual({ 'a point that is calculated': 2 });
    expect(derivedRows(road)).toEqual([]);
  });

  test('of others that are derived is calculated once, after all of them', () => {
    const road = createRoad(`
points:
  a/far: { expression: near + twice, inputs: { near: a/near, twice: a/twice } }
  a/near: { expression: x + 1, inputs: { x: a/x } }
  a/twice: { expression: 2 * x, inputs: { x: a/x } }
`);
    road.take('sensors/a/x', '1');
    expect(road.take('sensors/a/x', '2')).toBe(4);
    const values = road.rows().map(({ point, value }) => [point, value]);
    expect(values.slice(-4)).toEqual([
      ['a/x', 2],
      ['a/near', 3],
      ['a/twice', 4],
      ['a/far', 7],
    ]);
  });

  test('that is true or false is a boolean point', () => {
    const road = createRoad(
      'points: { shed/frost: { expression: t < 0 && dry == false, inputs: { t: shed/t °C, dry: shed/dry } } }',
    );
    road.take('sensors/shed', '{"t": -1, "dry": false}');
    expect(lastDerived(road, 'shed/frost')?.value).toBe(true);
    expect(road.points.known('shed', 'frost')?.kind).toBe('boolean');
  });

  test('explains the alert of it with its inputs, their numbers and rows', () => {
    const road = createRoad(climate);
    road.take('sensors/shed/temperature', '68');
    road.take('sensors/shed/humidity', '70');
    const raised = road.events.find(({ event }) => event.to === 'active');
    expect(raised?.event.alert.value).toBe(14);
    expect(raised?.evidence).toMatchObject({
      topic: 'expression t - (100 - rh) / 5',
      text: 't = 20 °C (shed/temperature, row 3), rh = 70 (shed/humidity, row 5)',
    });
  });

  test('takes over another expression at the next reading, and goes on under another index as another kind', () => {
    const road = createRoad(climate);
    road.take('sensors/shed', '{"temperature": 68, "humidity": 50}');
    const before = road.points.known('shed', 'dew_point')?.index;
    const { points, rules } = configOf(
      'points: { shed/dew_point: { expression: rh > 40, inputs: { rh: shed/humidity } } }',
    );
    road.points.configure(points, rules);
    expect(road.points.known('shed', 'dew_point')?.index).not.toBe(before);
    road.take('sensors/shed/humidity', '50');
    expect(lastDerived(road)?.value).toBe(true);
  });

  test('that is no longer one is a point like any other', () => {
    const road = createRoad(climate);
    road.take('sensors/shed', '{"temperature": 68, "humidity": 50}');
    road.points.configure([], []);
    expect(road.take('sensors/shed/humidity', '60')).toBe(1);
    expect(road.take('sensors/shed/dew_point', '8')).toBe(1);
    expect(lastDerived(road)).toMatchObject({ value: 8, quality: 'good' });
  });
});
