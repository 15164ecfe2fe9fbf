import { expect, test } from 'vitest';
import { createEngineTimer } from '../../src/channel/engine-timer.ts';
import { EngineTime } from '../../src/channel/engine-time.ts';
import type { EngineInput } from '../../src/domain/engine.ts';
import type { PointIndex } from '../../src/domain/point.ts';
import type { Seq } from '../../src/domain/reading.ts';
import { createEngine } from '../../src/rules/engine.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { configOf } from './road.ts';

test('createEngineTimer() fires what is due, with one timer of the machine, until it is stopped', async () => {
  const clock = createFakeClock();
  const time = new EngineTime({ clock, bootId: 'one', trusted: true, before: null });
  const states: string[] = [];
  let seq = 1;
  const engine = createEngine({
    nextSeq: () => seq as Seq,
    emit: ({ to, kind }) => {
      seq++;
      if (kind === 'transition') states.push(to);
    },
  });
  const timer = createEngineTimer(engine, time, clock);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const input = (given: EngineInput): void => void engine.accept(seq++ as Seq, time.now(), given);
  const { rules, points } = configOf(
    'rules: { warm: { points: "*/t", above: 20, on_delay: 10s } }',
  );
  input({ kind: 'config', rules, points });
  for (const index of [1, 2]) {
    const device = `d${index}`;
    const known = { index: index as PointIndex, device, metric: 't', unit: null } as const;
    input({ kind: 'point', point: { ...known, kind: 'number', states: [] } });
    engine.reading(seq++ as Seq, time.now(), clock.wallMs(), known.index, 30, 0);
    timer.rearm();
    timer.rearm();
    await turn();
    clock.advance(4_000);
  }
  const armed = clock.timersMs().length;
  expect(armed).toBe(1);
  expect(states).toEqual(['pending', 'pending']);
  clock.advance(2_000);
  expect(states).toEqual(['pending', 'pending', 'active']);
  timer.stop();
  clock.advance(60_000);
  expect(states).toHaveLength(3);
  expect(clock.timersMs()).toEqual([]);
});
