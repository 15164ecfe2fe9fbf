import { describe, expect, test } from 'vitest';
import type { AlertMark, HygieneReport } from '../../../src/domain/hygiene.ts';
import { Hygiene } from '../../../src/rules/explain/hygiene.ts';

const begin = Date.UTC(2026, 10, 1);
const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;
const day = 24 * hour;

function mark(atMs: number, fields: Partial<AlertMark>): AlertMark {
  return {
    atMs: begin + atMs,
    key: 'hot/oven/heat',
    id: 'hot/oven/heat/1',
    kind: 'transition',
    from: 'normal',
    to: 'active',
    reason: 'breached',
    condition: 'breached',
    severity: 'warning',
    breachedAt: begin + atMs,
    raisedAt: begin + atMs,
    acknowledgedAt: null,
    isQuiet: false,
    isShelved: false,
    drill: false,
    ...fields,
  };
}

/** A raise and its end, `lastsMs` later. */
function ring(atMs: number, lastsMs: number, fields: Partial<AlertMark> = {}): AlertMark[] {
  return [
    mark(atMs, fields),
    mark(atMs + lastsMs, {
      from: 'active',
      to: 'normal',
      reason: 'off_delay_over',
      condition: 'clear',
      raisedAt: begin + atMs,
      breachedAt: begin + atMs,
      ...fields,
    }),
  ];
}

function reportOf(marks: readonly AlertMark[], lengthMs = day): HygieneReport {
  const hygiene = new Hygiene();
  for (const one of marks) hygiene.take(one);
  return hygiene.report({ fromMs: begin, toMs: begin + lengthMs }, begin);
}

function times(count: number, of: (index: number) => AlertMark[]): AlertMark[] {
  return Array.from({ length: count }, (_, index) => of(index)).flat();
}

describe('Hygiene', () => {
  test('Hygiene has nothing to say where nothing rang', () => {
    expect(reportOf([])).toMatchObject({
      announced: 0,
      per_10_minutes: { mean: 0, peak: 0, peak_at: null },
      flood: { count: 0, time_ms: 0, share: 0 },
      acknowledgement: { mean_ms: null, ended: 0 },
      offenders: [],
      standing: [],
      findings: [],
    });
  });

  test('Hygiene counts raises and escalations, no pendings that went back, no drills, no shelved alerts', () => {
    const report = reportOf([
      mark(0, { to: 'pending' }),
      mark(second, {
        from: 'pending',
        to: 'normal',
        reason: 'cleared_in_delay',
        condition: 'clear',
      }),
      mark(minute, { to: 'pending' }),
      mark(2 * minute, { from: 'pending', reason: 'on_delay_over' }),
      mark(3 * minute, { from: 'active', reason: 'escalated', severity: 'critical' }),
      mark(4 * minute, { from: 'active', reason: 'rule_changed', severity: 'critical' }),
      mark(5 * minute, { from: 'active', kind: 'condition', reason: 'condition' }),
      ...ring(6 * minute, minute, { key: 'hot/drill/-', drill: true }),
      ...ring(7 * minute, minute, { key: 'cold/oven/heat', isQuiet: true }),
    ]);
    expect(report).toMatchObject({ announced: 2, went_back: 1, drills: 1 });
    expect(report.priorities.map(({ severity, count }) => [severity, count])).toEqual([
      ['info', 0],
      ['warning', 1],
      ['critical', 1],
    ]);
  });

  test('Hygiene measures the mean over the time that is stored, and the peak of a 10-minute period', () => {
    const marks = times(6, (index) => ring(40 * minute + index * 20 * second, second));
    const hygiene = new Hygiene();
    for (const one of marks) hygiene.take(one);
    const report = hygiene.report({ fromMs: begin - day, toMs: begin + hour }, begin);
    expect(report.since).toBe(begin);
    expect(report.per_10_minutes).toMatchObject({ mean: 1, peak: 6, peak_at: begin + 40 * minute });
  });

  test('Hygiene sees a flood begin above 10 in 10 minutes and end below 5', () => {
    const inPeriod = (period: number, count: number): AlertMark[] =>
      times(count, (index) =>
        ring(period * 10 * minute + index * 10 * second, second, { key: `r${index}/d/m` }),
      );
    const report = reportOf(
      [
        ...inPeriod(0, 10),
        ...inPeriod(1, 11),
        ...inPeriod(2, 5),
        ...inPeriod(3, 4),
        ...inPeriod(5, 12),
      ],
      100 * minute,
    );
    expect(report.flood).toMatchObject({ limit: 10, count: 2, time_ms: 30 * minute, share: 0.3 });
    expect(report.findings.map(({ finding }) => finding)).toContain('flood');
  });

  test('Hygiene finds chattering and fleeting alerts, and the delay that would have spared them', () => {
    // Thirty-one breaches of half a minute, six of an hour.
    const short = times(31, (index) => ring(index * 5 * minute, 35 * second));
    const long = times(6, (index) => ring(4 * hour + index * 2 * hour, hour));
    const [offender] = reportOf([...short, ...long]).offenders;
    expect(offender).toMatchObject({
      alert: 'hot/oven/heat',
      count: 37,
      share: 1,
      chattering: 0,
      fleeting: 0,
      on_delay: { delay_ms: 40 * second, spared: 31, of: 37 },
    });

    const report = reportOf(times(8, (index) => ring(index * 15 * second, 3 * second)));
    expect(report).toMatchObject({ chattering: 6, fleeting: 8 });
    const chattering = report.findings.find(({ finding }) => finding === 'chattering');
    expect(chattering?.suggestion).toContain('an off_delay of 15s would have joined 7 of 8');
    const fleeting = report.findings.find(({ finding }) => finding === 'fleeting');
    expect(fleeting).toMatchObject({
      what: '8 raises were over within 10 s',
      suggestion: 'an on_delay of 5s would have spared 8 of 8',
    });
  });

  test('Hygiene counts one raise as one', () => {
    const report = reportOf(ring(0, 3 * second));
    expect(report.findings.map(({ what }) => what)).toContain('1 raise was over within 10 s');
  });

  test("Hygiene proposes no delay for Limen's own alerts, and calls no stop fleeting", () => {
    const stale = times(8, (index) =>
      ring(index * 15 * second, 3 * second, { key: 'limen.stale/oven/heat' }),
    );
    const down = times(3, (index) => ring(index * hour, 0, { key: 'limen.was_down/limen/-' }));
    const report = reportOf([...stale, ...down]);
    expect(report.fleeting).toBe(8);
    expect(report.offenders[0]).toMatchObject({ on_delay: null, off_delay: null });
    const advice = report.findings.filter(({ alert }) => alert !== null);
    expect(advice.length).toBeGreaterThan(0);
    for (const { suggestion } of advice)
      expect(suggestion).not.toMatch(/delay|deadband|limit|rule/);
  });

  test('Hygiene counts an alert that is told when it is not kept from people any more', () => {
    const kept = { isQuiet: true } as const;
    const flag = { kind: 'flag', from: 'active' } as const;
    const report = reportOf([
      mark(0, kept),
      mark(minute, { ...flag, ...kept, reason: 'unshelved' }),
      mark(2 * minute, { ...flag, reason: 'unsuppressed' }),
      mark(3 * minute, { ...flag, to: 'acknowledged', from: 'acknowledged', reason: 'unshelved' }),
    ]);
    expect(report).toMatchObject({ announced: 1, per_10_minutes: { peak: 1 } });
    expect(report.offenders).toMatchObject([{ alert: 'hot/oven/heat', count: 1 }]);
  });

  test('Hygiene measures a breach from its reading to the first clear one, not to the end of the off-delay', () => {
    const marks = times(4, (index) => {
      const at = index * hour;
      const [raise, over] = ring(at, 10 * minute);
      if (raise === undefined || over === undefined) return [];
      const clear = mark(at + 25 * second, {
        kind: 'condition',
        from: 'active',
        reason: 'condition',
        condition: 'clear',
      });
      return [raise, clear, over];
    });
    expect(reportOf(marks).offenders[0]?.on_delay).toEqual({
      delay_ms: 30 * second,
      spared: 4,
      of: 4,
    });
  });

  test('Hygiene proposes no delay where the breaches last', () => {
    const report = reportOf(times(6, (index) => ring(index * 3 * hour, 2 * hour)));
    expect(report.offenders[0]).toMatchObject({ on_delay: null, off_delay: null });
    expect(report.findings.find(({ finding }) => finding === 'offender')?.suggestion).toContain(
      'repair what it tells of',
    );
  });

  test('Hygiene knows how long it took until somebody saw it, and what nobody ever saw', () => {
    const seen = (at: number, after: number): AlertMark[] => [
      mark(at, {}),
      mark(at + after, {
        from: 'active',
        to: 'acknowledged',
        reason: 'acknowledged',
        raisedAt: begin + at,
        acknowledgedAt: begin + at + after,
      }),
      mark(at + hour, {
        from: 'acknowledged',
        to: 'normal',
        reason: 'off_delay_over',
        acknowledgedAt: begin + at + after,
      }),
    ];
    const ignored = times(5, (index) => ring((4 + index) * hour, hour, { key: 'cold/oven/heat' }));
    const report = reportOf([...seen(0, minute), ...seen(2 * hour, 3 * minute), ...ignored]);
    expect(report.acknowledgement).toEqual({
      acknowledged: 2,
      mean_ms: 2 * minute,
      ended: 7,
      never_acknowledged: 5,
    });
    const finding = report.findings.find((one) => one.finding === 'never_acknowledged');
    expect(finding).toMatchObject({
      alert: 'cold/oven/heat',
      what: 'nobody acknowledged any of 5',
    });
  });

  test('Hygiene lists what is open at the end, the oldest first, and what has been active for more than a day', () => {
    const hygiene = new Hygiene();
    hygiene.take(mark(hour, {}));
    hygiene.take(mark(50 * hour, { key: 'cold/oven/heat' }));
    const old = {
      alert: 'old/oven/heat',
      severity: 'info',
      state: 'returned',
      raised_at: begin - day,
      for_ms: 4 * day,
    } as const;
    const report = hygiene.report({ fromMs: begin, toMs: begin + 3 * day }, begin, [old]);
    expect(report.standing.map(({ alert, state }) => [alert, state])).toEqual([
      ['old/oven/heat', 'returned'],
      ['hot/oven/heat', 'active'],
      ['cold/oven/heat', 'active'],
    ]);
    expect(report.stale).toBe(1);
    const found = report.findings.filter(({ alert }) => alert !== null);
    expect(found.map(({ finding, alert }) => [finding, alert])).toEqual([
      ['standing', 'old/oven/heat'],
      ['stale', 'hot/oven/heat'],
    ]);
    expect(found[0]?.suggestion).toContain('limen ack old/oven/heat');
  });

  test('Hygiene says when too many alerts are critical', () => {
    const report = reportOf([
      ...times(10, (index) => ring(index * hour, minute, { severity: 'critical' })),
      ...times(10, (index) => ring(10 * hour + index * hour, minute, { key: 'a/b/c' })),
    ]);
    expect(report.findings.find(({ finding }) => finding === 'priorities')).toMatchObject({
      alert: 'hot/oven/heat',
      what: '50 % of the alerts are critical, 5 % is the aim',
    });
  });

  describe('Hygiene finds what is shelved again and again', () => {
    const key = 'noisy/oven/heat';
    const shelf = (atMs: number, forMs: number): AlertMark[] => [
      mark(atMs, { key, kind: 'flag', to: 'normal', reason: 'shelved', isShelved: true }),
      mark(atMs + forMs, { key, kind: 'flag', to: 'normal', reason: 'unshelved' }),
    ];

    test('for half of the time or more', () => {
      const report = reportOf([
        ...shelf(4 * hour, 8 * hour),
        ...shelf(12 * hour, 4 * hour),
        ...shelf(20 * hour, 2 * hour),
        ...times(3, (index) =>
          shelf(index * hour, 10 * minute).map((one) => ({ ...one, key: 'cold/oven/heat' })),
        ),
        ...shelf(0, 20 * hour).map((one) => ({ ...one, key: 'once/oven/heat' })),
      ]);
      expect(report).toMatchObject({ announced: 0, always_shelved: 1 });
      expect(report.findings).toEqual([
        {
          finding: 'always_shelved',
          alert: key,
          what: 'shelved 3 times, 70 % of the time since the first',
          suggestion: expect.stringContaining(`limen service ${key} out`),
        },
      ]);
    });

    test('also where it began before the time, and goes on at its end', () => {
      const [, end] = shelf(-hour, 3 * hour);
      const [last] = shelf(20 * hour, 8 * hour);
      const report = reportOf([
        ...(end === undefined ? [] : [end]),
        ...shelf(4 * hour, 2 * hour),
        ...shelf(8 * hour, 4 * hour),
        ...(last === undefined ? [] : [last]),
      ]);
      expect(report.findings).toMatchObject([
        { alert: key, what: 'shelved 3 times, 50 % of the time since the first' },
      ]);
    });
  });
});
