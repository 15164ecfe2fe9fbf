import { expect, test } from 'vitest';
import { createLiveLog, type LiveLog } from '../../src/consumers/live-log.ts';
import type { ReadingRecord } from '../../src/domain/api.ts';
import type { OutputStatus } from '../../src/domain/output.ts';
import { createLog } from '../../src/host/log.ts';
import { createFakeClock, type FakeClock } from '../host/fake-clock.ts';
import { alertOf, eventOf } from './fixtures.ts';

function start(): { live: LiveLog; clock: FakeClock; lines: string[]; quiet: () => number } {
  const lines: string[] = [];
  let quiet = 0;
  const sink = {
    write: (line: string) => void lines.push(line.trim().slice('00:00:00 '.length)),
    isTerminal: true,
    hasColors: false,
    levelMin: 'info',
  } as const;
  const clock = createFakeClock();
  const live = createLiveLog(
    createLog(sink, () => 0),
    clock,
    () => quiet++,
  );
  return { live, clock, lines, quiet: () => quiet };
}

const reading = (fields: Partial<ReadingRecord> = {}): ReadingRecord => ({
  seq: 1,
  at_ms: 0,
  device: 'a',
  metric: 't',
  value: 21.5,
  unit: '°C',
  quality: 'good',
  ...fields,
});

test('createLiveLog() shows readings for the first minute, then says that it stops', () => {
  const { live, clock, lines, quiet } = start();
  expect(live.showsReadings).toBe(true);
  live.reading(reading());
  live.reading(reading({ metric: 'door', value: true, unit: null, quality: 'bad' }));
  expect(lines).toEqual(['info  reading   a/t 21.5 °C', 'info  reading   a/door true quality=bad']);
  clock.advance(60_000);
  expect(live.showsReadings).toBe(false);
  expect(quiet()).toBe(1);
  expect(lines.at(-1)).toContain('"limen watch" shows them');
});

test('createLiveLog() shows a point about once a second, and ten lines at most', () => {
  const { live, clock, lines } = start();
  for (let i = 0; i < 5; i++) live.reading(reading());
  expect(lines).toHaveLength(1);
  for (let i = 0; i < 100; i++) live.reading(reading({ device: `d${i}` }));
  expect(lines).toHaveLength(10);
  clock.advance(900);
  live.reading(reading());
  expect(lines).toHaveLength(11);
});

test('createLiveLog() shows transitions and commands, raised ones as a warning', () => {
  const { live, lines } = start();
  live.onAlert(eventOf(alertOf({ state: 'active' })));
  live.onAlert(eventOf(alertOf({ state: 'normal' }), { from: 'active', reason: 'off_delay_over' }));
  live.onAlert(eventOf(alertOf(), { kind: 'condition' }));
  live.onOutput({
    name: 'siren',
    state: 'unknown',
    commanded: 'on',
    owner: 'freezer-warm/freezer-1/temperature',
    reason: 'claim',
    sinceAt: 0,
    seq: 1,
    detail: null,
    hold: null,
    trip: null,
  });
  expect(lines.map((line) => line.split(' from=')[0])).toEqual([
    'warn  alert     freezer-1 is at -10 °C',
    'info  alert     freezer-1 is at -10 °C',
    'info  output    siren on reason=claim owner=freezer-warm/freezer-1/temperature',
  ]);
  expect(lines[0]).toContain('from=normal to=active reason=on_delay_over severity=warning');
});

test('createLiveLog() says of a flag what it is, and warns of what is out of service', () => {
  const { live, lines } = start();
  const state = 'normal';
  for (const reason of ['shelved', 'unshelved', 'out_of_service', 'in_service'] as const)
    live.onAlert(eventOf(alertOf({ state, reason }), { kind: 'flag', from: state }));
  live.onAlert(eventOf(alertOf({ reason: 'unshelved' }), { kind: 'flag', from: 'active' }));
  const key = 'freezer-warm/freezer-1/temperature';
  expect(lines.map((line) => line.split(': ')[0])).toEqual([
    `info  alert     ${key} is shelved`,
    `info  alert     ${key} is not shelved any more`,
    `warn  alert     ${key} is out of service`,
    `info  alert     ${key} is in service again`,
    `warn  alert     ${key} is not shelved any more`,
  ]);
});

test('createLiveLog() says what suppresses an alert, and warns when an open one is not suppressed any more', () => {
  const { live, lines } = start();
  const suppressed = { state: 'normal', reason: 'suppressed', suppressedBy: 'settle' } as const;
  live.onAlert(eventOf(alertOf(suppressed), { kind: 'flag', from: 'normal' }));
  live.onAlert(eventOf(alertOf({ reason: 'unsuppressed' }), { kind: 'flag', from: 'active' }));
  const key = 'freezer-warm/freezer-1/temperature';
  expect(lines.map((line) => line.split(': ')[0])).toEqual([
    `info  alert     ${key} is suppressed by settle`,
    `warn  alert     ${key} is not suppressed any more`,
  ]);
});

test('createLiveLog() shows what people are told again, and what they are not told', () => {
  const { live, lines } = start();
  const notice = { text: 'freezer-1 is still at -10 °C', notifiers: null };
  live.onAlert(eventOf(alertOf(), { kind: 'notice', from: 'active', reason: 'repeated', notice }));
  live.onAlert(eventOf(alertOf(), { hushed: 'chatter' }));
  expect(lines[0]).toContain('freezer-1 is still at -10 °C from=active to=active reason=repeated');
  expect(lines[1]).toContain('not_told=chatter');
});

test('createLiveLog() sets no timer that outlives it', () => {
  const { live, clock, quiet } = start();
  live.stop();
  expect(clock.timersMs()).toEqual([]);
  clock.advance(60_000);
  expect(quiet()).toBe(0);
});

test('createLiveLog() says what an output was told, what is read back of it, and nothing twice', () => {
  const { live, lines } = start();
  const status: OutputStatus = {
    name: 'lamp',
    state: 'unknown',
    commanded: 'on',
    owner: 'warm/bench/temperature',
    reason: 'claim',
    sinceAt: 0,
    seq: 1,
    detail: null,
    hold: null,
    trip: null,
  };
  live.onOutput(status);
  live.onOutput({ ...status, seq: 2 });
  live.onOutput({ ...status, state: 'on' });
  const away = { commanded: 'off', reason: 'lease_lost', detail: 'the board is away' } as const;
  live.onOutput({ ...status, ...away });
  expect(lines).toEqual([
    'info  output    lamp on reason=claim owner=warm/bench/temperature',
    'info  output    lamp on reason=claim owner=warm/bench/temperature read_back=on',
    'info  output    lamp off reason=lease_lost owner=warm/bench/temperature read_back=unknown detail="the board is away"',
  ]);
});
