import { describe, expect, test } from 'vitest';
import type { RowKind } from '../../../src/domain/journal.ts';
import type { StoredReading, WhyRule } from '../../../src/domain/why.ts';
import { explain, type ChainRows } from '../../../src/rules/explain/explain.ts';
import { eventRow, key, outputRow, row, wall, type EventParts } from './explain-fixture.ts';

function reading(seq: number, value: number, fields: Partial<StoredReading> = {}): StoredReading {
  return {
    seq,
    atMs: wall + seq,
    engineMs: seq,
    device: 'oven',
    metric: 'heat',
    value,
    raw: null,
    unit: '°C',
    quality: 'good',
    ...fields,
  };
}

function rule(seq: number, text: string | null): WhyRule {
  return { seq, at: wall + seq, hash: `hash ${text ?? ''}`, line: text === null ? null : 3, text };
}

function chain(parts: Partial<ChainRows>): ChainRows {
  return {
    id: `${key}/1`,
    events: [eventRow(10, {})],
    eventsLeftOff: 0,
    others: [],
    readings: [],
    causes: [],
    rules: [],
    ...parts,
  };
}

const evidence = { topic: 'sensors/oven/heat', text: '120', base64: null };

describe('explain()', () => {
  test('explain() tells notices in their own words, and what people were not told', () => {
    const notice = { text: 'the oven is hot (told again after 5 min)' };
    const why = explain(
      chain({
        events: [
          eventRow(10, { hushed: 'flood' }),
          eventRow(20, { kind: 'notice', from: 'active', reason: 'repeated', notice }),
          eventRow(30, { from: 'active', to: 'normal', reason: 'off_delay_over' }),
          eventRow(40, {
            kind: 'notice',
            from: 'normal',
            to: 'normal',
            reason: 'chatter_over',
            notice,
          }),
        ],
      }),
    );
    expect(why.steps).toMatchObject([
      { event: 'transition', hushed: 'flood', message: 'the oven is hot' },
      { event: 'notice', reason: 'repeated', message: notice.text, hushed: null },
      { event: 'transition', to: 'normal' },
      { event: 'notice' },
    ]);
    // What is told afterwards is no part of its life.
    expect(why.ended_at).toBe(wall + 30);
  });

  test('explain() tells the delay, and gives each reading the bytes of the event that it decided', () => {
    const pending: EventParts = {
      to: 'pending',
      cause: [9],
      evidence: { ...evidence, calibration: { from_at: wall - 9_000, scale: 0.5, offset: -4 } },
      shown: { due_at: wall + 510 },
    };
    const why = explain(
      chain({
        events: [
          eventRow(10, pending),
          eventRow(12, { ...pending, kind: 'condition', from: 'pending', cause: [11] }),
          eventRow(
            20,
            {
              from: 'pending',
              reason: 'on_delay_over',
              cause: [9, 19],
              evidence: { topic: 't', text: null, base64: 'AP8=' },
            },
            510,
          ),
        ],
        readings: [reading(9, 120, { atMs: wall - 5_000, raw: 248 }), reading(19, 121)],
      }),
    );
    expect(why.delay).toEqual({ pending_at: wall + 10, due_at: wall + 510, active_at: wall + 510 });
    expect(why.began).toEqual({
      seq: 9,
      at: wall - 5_000,
      received_at: wall + 9,
      device: 'oven',
      metric: 'heat',
      value: 120,
      raw: 248,
      unit: '°C',
      quality: 'good',
      topic: 'sensors/oven/heat',
      payload: '120',
      payload_base64: null,
      calibration: { from_at: wall - 9_000, scale: 0.5, offset: -4 },
    });
    expect(why.steps.at(-1)).toMatchObject({
      cause: [9, 19],
      readings: [
        { seq: 9, payload: '120' },
        { seq: 19, payload: null, payload_base64: 'AP8=' },
      ],
    });
  });

  test('explain() takes the verdict from the raise, with the levels as they were then', () => {
    const compared = {
      off_delay_ms: 60_000,
      latch: false,
      acknowledge_required: true,
      levels: [],
      members: null,
    };
    const raise = eventRow(12, {
      from: 'pending',
      compared,
      config: 3,
      shown: { value: 130, limit: 110 },
    });
    const why = explain(chain({ events: [eventRow(10, { to: 'pending' }), raise] }));
    expect(why.verdict).toMatchObject({ value: 130, limit: 110, off_delay_ms: 60_000, levels: [] });
    expect(why.steps[1]).toMatchObject({ config_seq: 3 });
  });

  test('explain() reads rows of an older version, which kept less', () => {
    const why = explain(chain({ others: [outputRow(11, { cause: [10] })] }));
    expect(why.verdict).toMatchObject({ value: 120, limit: 100, levels: null, latch: null });
    expect(why.steps).toMatchObject([
      { kind: 'alert', config_seq: null },
      { kind: 'output', sent: null, topic: null, latency_ms: 1 },
    ]);
    expect(why.began).toBeNull();
    expect(why.rules).toEqual([]);
  });

  test.each<[RowKind, string, unknown, string]>([
    ['config', 'config', { hash: 'x', text: '' }, 'config applied'],
    ['started', 'limen', { down_ms: 180_000 }, 'Limen started after 3 min'],
    ['started', 'limen', { down_ms: null }, 'Limen started'],
    ['stopped', 'limen', {}, 'Limen stopped'],
    ['clock', 'clock', { wallOffsetMs: 5 }, 'clock set'],
    ['schedule', 'mon 08:00-18:00', { open: true }, 'schedule mon 08:00-18:00 is open'],
    ['schedule', 'mon 08:00-18:00', { open: false }, 'schedule mon 08:00-18:00 is closed'],
    [
      'schedule',
      'mon 08:00-18:00',
      { open: null },
      'schedule mon 08:00-18:00 is unknown: the clock is not trusted',
    ],
    ['point', 'oven/heat', { unit: '°C' }, 'point oven/heat became known'],
    ['point', 'oven/heat', { unit: '°C', replaces: {} }, 'point oven/heat has the unit °C now'],
    ['point', 'oven/heat', { unit: null, replaces: {} }, 'point oven/heat has no unit any more'],
    [
      'act',
      key,
      { act: 'acknowledge', by: 'anna', id: null, comment: null },
      'acknowledge by anna',
    ],
    ['source', 'gateway', { connected: false }, 'source gateway lost'],
    ['source', 'gateway', { connected: true }, 'source gateway connected'],
    [
      'learned',
      'oven/heat',
      { stale_after_ms: 90_000 },
      'point oven/heat has shown how it reports: stale after 1 min 30 s',
    ],
    ['learned', 'oven/heat', { stale_after_ms: null }, 'point oven/heat has shown how it reports'],
    ['fault', 'limen.clock/limen', { note: 'The clock is off' }, 'The clock is off'],
    ['drill', 'hot', { rule: 'hot' }, 'limen drill'],
  ])('explain() says what a row is that is no reading and began it: %s %s %j', (...told) => {
    const [kind, about, body, text] = told;
    const why = explain(chain({ causes: [row(9, kind, about, body)] }));
    const cause = { seq: 9, at: wall + 9, kind, key: about, text };
    expect(why).toMatchObject({ began: null, began_by: cause });
    expect(why.steps).toMatchObject([{ cause: [9], readings: [], causes: [cause] }]);
  });

  test('explain() says of an event that another event caused which one that is', () => {
    const why = explain(
      chain({
        events: [
          eventRow(10, { reason: 'on_delay_over' }),
          eventRow(20, { kind: 'notice', from: 'active', reason: 'repeated', cause: [10] }),
        ],
        causes: [eventRow(10, { reason: 'on_delay_over' })],
      }),
    );
    expect(why.began_by).toBeNull();
    expect(why.steps[1]).toMatchObject({ causes: [{ seq: 10, text: `${key}/1: on delay over` }] });
  });

  test('explain() measures commands and notifications from their event, and lists who still waits', () => {
    const told = row(15, 'notification', 'kitchen', {
      event_seq: 10,
      edge: 'active',
      result: 'delivered',
      attempts: 3,
      status: 200,
      detail: null,
    });
    const why = explain(
      chain({
        events: [eventRow(10, { notify: ['kitchen', 'cellar'] })],
        others: [
          outputRow(11, { cause: [10], sent: 'ON', place: { broker: 'b', topic: 't' } }, 12),
          told,
        ],
      }),
    );
    expect(why.steps.slice(1)).toEqual([
      expect.objectContaining({ kind: 'notification', notifier: 'cellar', result: 'waiting' }),
      expect.objectContaining({
        kind: 'output',
        latency_ms: 2,
        sent: true,
        topic: 't',
        payload: 'ON',
      }),
      expect.objectContaining({ kind: 'notification', attempts: 3, status: 200, latency_ms: 5 }),
    ]);
  });

  test('explain() tells acts with their answer, and an act without one', () => {
    const act = { act: 'acknowledge', id: null, by: 'anna', comment: 'door' };
    const why = explain(
      chain({
        others: [
          row(11, 'act', key, act),
          row(12, 'answer', 'ack', { id: null, result: 'refused', reason: 'no', seq: 11 }),
          row(13, 'act', key, act),
        ],
      }),
    );
    expect(why.steps.slice(1)).toMatchObject([
      { kind: 'act', by: 'anna', comment: 'door', result: 'refused', reason: 'no' },
      { kind: 'act', result: null },
    ]);
  });

  test('explain() shows each different text of the rule once, and which config changed it', () => {
    const others = [
      row(11, 'config', '', {}),
      row(12, 'started', 'limen', { down_ms: 900 }),
      row(13, 'config', '', {}),
    ];
    const rules = [rule(1, 'above: 100'), rule(11, 'above: 100'), rule(13, 'above: 90')];
    const why = explain(chain({ others, rules }));
    expect(why.rules.map(({ seq }) => seq)).toEqual([1, 13]);
    expect(why.steps.slice(1)).toMatchObject([
      { what: 'config', changes_rule: false },
      { what: 'started', down_ms: 900 },
      { what: 'config', changes_rule: true },
    ]);
    expect(explain(chain({ rules: [rule(1, null), rule(2, null)] })).rules).toHaveLength(1);
  });

  test('explain() of what is over says how long it lasted', () => {
    const end = eventRow(40, { from: 'active', to: 'normal', reason: 'off_delay_over' });
    const why = explain(chain({ events: [eventRow(10, {}), end] }));
    expect(why).toMatchObject({
      state: 'normal',
      ended_at: wall + 40,
      duration_ms: 30,
      delay: null,
    });
  });
});
