import { describe, expect, test } from 'vitest';
import type { JournalRow } from '../../../src/domain/journal.ts';
import { createChainSieve } from '../../../src/rules/explain/chain-sieve.ts';
import type { AlertBody, RowWith } from '../../../src/rules/explain/explain-rows.ts';
import { eventRow, key, outputRow, row } from './explain-fixture.ts';

function taken(events: readonly RowWith<AlertBody>[], rows: readonly JournalRow[]): number[] {
  const seqs = events.map(({ seq }) => seq);
  const sieve = createChainSieve({ id: `${key}/1`, key, seqs, events });
  return rows.filter((each) => sieve.takes(each)).map(({ seq }) => seq);
}

const open = [eventRow(10, {})];
const over = [
  eventRow(10, {}),
  eventRow(20, { from: 'active', to: 'normal', reason: 'off_delay_over' }),
];

describe('createChainSieve()', () => {
  test('createChainSieve() takes all that befalls an output while the alert owns it, and its release', () => {
    const rows = [
      outputRow(11, { cause: [10] }),
      outputRow(12, { cause: [11], reason: 'max_on', commanded: 'off', owner: null }),
      outputRow(13, { cause: [9], owner: 'other/d/m' }),
      outputRow(14, { owner: 'other/d/m', reason: 'link_up' }),
      outputRow(15, { cause: [8] }),
      outputRow(16, { cause: [7], owner: 'worse/d/m' }),
      outputRow(17, { cause: [6], owner: null, commanded: 'off', reason: 'idle' }),
    ];
    expect(taken(open, rows)).toEqual([11, 12, 15, 16]);
    expect(taken(over, [outputRow(11, {}), outputRow(21, { owner: null, cause: [20] })])).toEqual([
      11, 21,
    ]);
  });

  test('createChainSieve() leaves the next occurrence alone', () => {
    const next = [
      outputRow(21, { owner: null, cause: [20] }),
      outputRow(31, { cause: [30] }),
      outputRow(41, { owner: null, cause: [40] }),
      row(42, 'act', key, { act: 'acknowledge', id: null, by: 'anna', comment: null }),
      row(43, 'started', 'limen', {}),
    ];
    expect(taken(over, [outputRow(11, { cause: [10] }), ...next])).toEqual([11, 21]);
  });

  test('createChainSieve() takes who was told of the end of chattering, and nothing else of the time until then', () => {
    const told = { kind: 'notice', from: 'normal', to: 'normal', reason: 'chatter_over' } as const;
    const chattered = [...over, eventRow(40, { ...told, notify: ['kitchen'] })];
    const rows = [
      row(31, 'started', 'limen', {}),
      row(32, 'act', key, { act: 'shelve', id: null, by: 'anna', comment: null }),
      row(41, 'notification', 'kitchen', { event_seq: 40 }),
    ];
    expect(taken(chattered, rows)).toEqual([41]);
    const seqs = chattered.map(({ seq }) => seq);
    const sieve = createChainSieve({ id: `${key}/1`, key, seqs, events: chattered });
    expect(sieve.isComplete(100_000)).toBe(false);
  });

  test('createChainSieve() takes acts on this occurrence with their answers, refused ones too', () => {
    const act = (seq: number, about: string, id: string | null): JournalRow =>
      row(seq, 'act', about, { act: 'acknowledge', id, by: 'anna', comment: null });
    const answer = (seq: number, of: number): JournalRow =>
      row(seq, 'answer', 'ack', { id: null, result: 'refused', reason: 'no', seq: of });
    const rows = [
      act(11, key, null),
      answer(12, 11),
      act(13, key, `${key}/1`),
      answer(14, 13),
      act(15, key, `${key}/7`),
      answer(16, 15),
      act(17, 'other/d/m', null),
      answer(18, 17),
    ];
    expect(taken(open, rows)).toEqual([11, 12, 13, 14]);
  });

  test('createChainSieve() is complete once everybody was told, however late', () => {
    const told = (seq: number, notifier: string, event: number): JournalRow =>
      row(seq, 'notification', notifier, { event_seq: event });
    const events = [
      eventRow(10, { notify: ['kitchen', 'cellar'] }),
      eventRow(20, { from: 'active', to: 'normal' }),
    ];
    const sieve = createChainSieve({ id: `${key}/1`, key, seqs: [10, 20], events });
    expect(sieve.takes(told(21, 'kitchen', 10))).toBe(true);
    expect(sieve.takes(told(22, 'kitchen', 9))).toBe(false);
    expect(sieve.isComplete(5_000)).toBe(false);
    expect(sieve.takes(told(900_000, 'cellar', 10))).toBe(true);
    expect(sieve.isComplete(900_000)).toBe(true);
    expect(sieve.isComplete(21)).toBe(false);
  });
});
