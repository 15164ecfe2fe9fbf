import { describe, expect, test } from 'vitest';
import type { AlertEvent } from '../../src/domain/alert.ts';
import type { Rule } from '../../src/domain/rule.ts';
import { edges, makeRule, startBench, type Bench } from './bench.ts';

const minute = 60_000;
const hour = 60 * minute;

function calling(more: Partial<Rule> = {}): Rule {
  return makeRule({
    then: [{ kind: 'notify', notifier: 'ann', on: ['active'] }],
    shelveMaxMs: 8 * hour,
    repeatMs: [5 * minute, 30 * minute, 2 * hour],
    chain: [
      { afterMs: 10 * minute, notifier: 'bob' },
      { afterMs: hour, notifier: 'boss' },
    ],
    ...more,
  });
}

/** A notice in short: `5 repeated`, in minutes; with whom it names. */
function notices(events: readonly AlertEvent[]): readonly string[] {
  return events
    .filter((event) => event.kind === 'notice')
    .map(({ at, reason, notice }) => {
      const whom = notice?.notifiers ?? [];
      return [at / minute, reason, ...whom].join(' ');
    });
}

function raised(more: Partial<Rule> = {}): Bench {
  const bench = startBench([calling(more)]);
  bench.read(0, 6);
  return bench;
}

describe('repeat and chain', () => {
  test('tell again after each time, then at the distance of the last, and each step of the chain once', () => {
    const bench = raised();
    bench.advance(7 * hour);
    expect(notices(bench.events)).toEqual([
      '5 repeated',
      '10 chained bob',
      '30 repeated',
      '60 chained boss',
      '120 repeated',
      '240 repeated',
      '360 repeated',
    ]);
    const [repeated] = bench.events.filter(({ kind }) => kind === 'notice');
    expect(repeated).toMatchObject({
      from: 'active',
      to: 'active',
      notice: {
        notifiers: null,
        text: 'fridge/temperature is 6 °C, above 5 °C (told again after 5 min)',
      },
      alert: { reason: 'breached', message: 'fridge/temperature is 6 °C, above 5 °C', raises: 1 },
    });
  });

  test('stop at the acknowledgement, at the return and while a flag is set', () => {
    const acknowledged = raised();
    acknowledged.act(6 * minute, 'acknowledge');
    acknowledged.advance(3 * hour);
    expect(notices(acknowledged.events)).toEqual(['5 repeated']);

    const returned = raised({ offDelayMs: 0 });
    returned.read(6 * minute, 4);
    returned.advance(3 * hour);
    expect(returned.alert().state).toBe('returned');
    expect(notices(returned.events)).toEqual(['5 repeated']);

    const out = raised();
    out.act(6 * minute, 'service');
    out.advance(3 * hour);
    expect(notices(out.events)).toEqual(['5 repeated']);
  });

  test('begin anew when the last flag ends', () => {
    const bench = raised();
    bench.act(4 * minute, { act: 'shelve', forMs: hour });
    bench.advance(80 * minute);
    expect(notices(bench.events)).toEqual(['69 repeated', '74 chained bob']);
  });

  test('begin anew at a raise from returned and at an escalation, not when the severity falls', () => {
    const again = raised();
    again.read(6 * minute, 4);
    again.read(20 * minute, 6);
    again.advance(31 * minute);
    expect(notices(again.events)).toEqual(['5 repeated', '25 repeated', '30 chained bob']);
  });

  test('go on over a restart: what came due meanwhile is told at the start, of repetitions one', () => {
    const first = raised();
    first.advance(6 * minute);
    const next = first.reborn(3 * hour, [calling()]);
    next.started(3 * hour, { elapsedMs: 174 * minute, downMs: 174 * minute });
    next.advance(5 * hour);
    expect(notices(next.events)).toEqual([
      '180 chained bob',
      '180 chained boss',
      '180 repeated',
      '240 repeated',
    ]);
  });

  test('go on with their remainder if nobody knows how long Limen was down', () => {
    const first = raised();
    first.advance(6 * minute);
    const next = first.reborn(6 * minute, [calling()]);
    next.started(6 * minute);
    next.advance(31 * minute);
    expect(notices(next.events)).toEqual(['10 chained bob', '30 repeated']);
  });

  test('are not told twice when Limen is killed after a notice', () => {
    const first = raised();
    first.advance(30 * minute);
    const next = first.reborn(30 * minute, [calling()]);
    next.started(30 * minute, { elapsedMs: 0, downMs: 0 });
    next.advance(60 * minute);
    expect(notices(next.events)).toEqual(['60 chained boss']);
  });

  test('a changed rule applies from then on and tells nothing of the past', () => {
    const bench = raised({ repeatMs: [], chain: [] });
    bench.config(20 * minute, [calling({ repeatMs: [5 * minute, 25 * minute] })]);
    bench.advance(26 * minute);
    expect(notices(bench.events)).toEqual(['20 chained bob', '25 repeated']);
  });
});

describe('re_alarm', () => {
  const rule = calling({ reAlarmMs: hour });

  test('makes an acknowledged alert active again, and forgets the acknowledgement', () => {
    const bench = startBench([rule]);
    bench.read(0, 6);
    bench.act(minute, 'acknowledge');
    bench.advance(61 * minute - 1);
    expect(bench.alert()).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'ann' });
    bench.advance(61 * minute);
    expect(bench.alert()).toMatchObject({
      state: 'active',
      acknowledgedBy: null,
      raises: 1,
      reason: 're_alarmed',
    });
    expect(edges(bench.events)).toContain('acknowledged>active re_alarmed');
    bench.advance(66 * minute);
    expect(notices(bench.events)).toEqual(['66 repeated']);
  });

  test('counts the time while Limen was down', () => {
    const first = startBench([rule]);
    first.read(0, 6);
    first.act(minute, 'acknowledge');
    const next = first.reborn(2 * hour, [rule]);
    next.started(2 * hour, { elapsedMs: hour, downMs: hour });
    const event = next.events.find(({ reason }) => reason === 're_alarmed');
    expect(event).toMatchObject({ at: 2 * hour, from: 'acknowledged', to: 'active' });
  });

  test('runs on with its remainder, and is credited once the clock is trusted', () => {
    const first = startBench([rule]);
    first.read(0, 6);
    first.act(minute, 'acknowledge');
    const next = first.reborn(minute, [rule]);
    next.started(minute);
    next.advance(30 * minute);
    expect(next.alert().state).toBe('acknowledged');
    next.clock(30 * minute, 40 * minute);
    expect(next.alert().state).toBe('active');
  });

  test('is credited once', () => {
    const first = startBench([rule]);
    first.read(0, 6);
    first.act(minute, 'acknowledge');
    const next = first.reborn(minute, [rule]);
    next.started(minute);
    for (const at of [30 * minute, 31 * minute]) next.clock(at, 10 * minute);
    next.advance(51 * minute - 1);
    expect(next.alert().state).toBe('acknowledged');
    next.advance(51 * minute);
    expect(next.alert().state).toBe('active');
  });

  test('ends with the alert and with the rule that asks for it', () => {
    const bench = startBench([rule]);
    bench.read(0, 6);
    bench.act(minute, 'acknowledge');
    bench.read(2 * minute, 4);
    bench.read(3 * minute, 6);
    bench.advance(3 * hour);
    expect(edges(bench.events)).not.toContain('acknowledged>active re_alarmed');

    const other = startBench([rule]);
    other.read(0, 6);
    other.act(minute, 'acknowledge');
    other.config(2 * minute, [calling()]);
    other.advance(3 * hour);
    expect(other.alert().state).toBe('acknowledged');
  });
});
