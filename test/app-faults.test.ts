import { expect, test } from 'vitest';
import { createFaultWatch } from '../src/app-faults.ts';
import type { NotifierHealth } from '../src/consumers/notifiers/notifier-queue.ts';
import type { EngineInput } from '../src/domain/engine.ts';
import { createFakeClock } from './host/fake-clock.ts';
import { alertOf } from './consumers/fixtures.ts';

function start(open = [alertOf()]) {
  const clock = createFakeClock();
  const given: string[] = [];
  const present = {
    health: [] as readonly NotifierHealth[],
    postedForMs: 0,
    isTrusted: true,
  };
  const watch = createFaultWatch({
    clock,
    engine: { open: () => open },
    notifiers: { health: () => present.health },
    journal: {
      get postedForMs() {
        return present.postedForMs;
      },
    },
    isClockTrusted: () => present.isTrusted,
    input: (_key, _body, input: EngineInput) => {
      if (input.kind !== 'fault') return;
      given.push(`${input.rule} ${input.device} ${input.isThere ? 'there' : 'over'}`);
    },
  });
  return { clock, given, present, look: () => watch.look() };
}

test('createFaultWatch() tells a notifier that failed once, and that it delivers again', () => {
  const { given, present, look } = start();
  present.health = [{ name: 'kitchen', state: 'failed', detail: 'HTTP 503' }];
  look();
  look();
  present.health = [{ name: 'kitchen', state: 'unknown', detail: null }];
  look();
  expect(given).toEqual(['limen.notifier_failed kitchen there']);
  present.health = [{ name: 'kitchen', state: 'sound', detail: null }];
  look();
  expect(given.at(-1)).toBe('limen.notifier_failed kitchen over');
});

test('createFaultWatch() ends what was raised before a restart when the notifier delivers or is gone', () => {
  const failed = alertOf({ rule: 'limen.notifier_failed', device: 'kitchen', metric: '-' });
  const { given, present, look } = start([failed]);
  present.health = [{ name: 'kitchen', state: 'unknown', detail: null }];
  look();
  expect(given).toEqual([]);
  present.health = [];
  look();
  expect(given).toEqual(['limen.notifier_failed kitchen over']);
});

test('createFaultWatch() tells of storage that commits nothing for 10 s', () => {
  const { given, present, look } = start();
  present.postedForMs = 10_000;
  look();
  expect(given).toEqual([]);
  present.postedForMs = 10_001;
  look();
  present.postedForMs = 0;
  look();
  expect(given).toEqual(['limen.storage limen there', 'limen.storage limen over']);
});

test('createFaultWatch() tells of a clock that is not trusted for ten minutes', () => {
  const { clock, given, present, look } = start();
  present.isTrusted = false;
  look();
  clock.advance(599_999);
  look();
  expect(given).toEqual([]);
  clock.advance(1);
  look();
  present.isTrusted = true;
  look();
  expect(given).toEqual(['limen.clock limen there', 'limen.clock limen over']);
});
