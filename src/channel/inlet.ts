import type { ActVerdict, Engine, EngineInput } from '../domain/engine.ts';
import { pointName } from '../domain/point.ts';
import type { Seq } from '../domain/reading.ts';
import type { Recovery } from '../domain/store.ts';
import type { EngineMs } from '../domain/time.ts';
import type { EngineTime } from './engine-time.ts';
import { habitRow } from './habits.ts';
import { Intake } from './intake.ts';
import type { Journal } from './journal.ts';
import { createMemories, type Memories } from './memories.ts';
import { Points, type PointRef } from './points.ts';
import type { Quarantine } from './quarantine.ts';
import { lastRows, pointMemories } from './recover.ts';

/** Where everything enters: readings through the intake, any other input of the engine through `input`. */
export interface Inlet {
  readonly intake: Intake;
  readonly points: Points;
  readonly memories: Memories;
  /** Number of the config in force. */
  readonly configSeq: Seq;
  /** Every input but a reading passes here: it has its row before the engine sees it. */
  input(key: string, body: unknown, given: EngineInput): Entered;
  /** Writes what has been gathered of the points and is not on disk yet: for an end in good order. */
  storeHabits(): void;
}

/** An input with its row, as the engine has taken it. */
export interface Entered {
  readonly seq: Seq;
  readonly at: EngineMs;
  /** What the engine answers to an act. */
  readonly verdict: ActVerdict | null;
}

/** What the inlet joins. */
export interface InletOptions {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly time: EngineTime;
  readonly quarantine: Quarantine;
  readonly recovery: Recovery;
  /** Told of a setting that cannot work with what its points turned out to be. */
  problem(text: string): void;
  /** Called after each input: the engine may have another next timer. */
  entered(): void;
}

/** Joins intake, points and inputs: the same for the running program and for a rehearsal. */
export function createInlet(options: InletOptions): Inlet {
  const { journal, engine, time, quarantine, recovery } = options;
  let configSeq = journal.nextSeq;
  const input: Inlet['input'] = (key, body, given) => {
    const at = time.now();
    const seq = journal.appendAt(at, given.kind, key, body);
    if (given.kind === 'config') configSeq = seq;
    const verdict = engine.accept(seq, at, given);
    // Readings that follow in the same chunk of bytes must not seem older than this input.
    intake.begin();
    options.entered();
    return { seq, at, verdict };
  };
  const points = new Points(recovery.points, pointMemories(recovery), (point, replaces) => {
    if (replaces === null) {
      input(pointName(point), point, { kind: 'point', point });
    } else {
      input(pointName(point), { ...point, replaces }, { kind: 'point', point, replaces });
    }
    for (const problem of engine.problems(point.index)) options.problem(problem);
  });
  points.restoreHabits(lastRows(recovery, 'learned'));
  const learned = (ref: PointRef): void => {
    const { index: point, habit } = ref;
    const { staleAfterMs, via } = habit;
    const row = { point, ...habitRow(habit, time.now()) };
    input(pointName(ref), row, { kind: 'learned', point, staleAfterMs, via });
  };
  const memories = createMemories(engine, recovery.pointMemories, () => points.lastIndex);
  const intake = new Intake({
    journal,
    engine,
    time,
    points,
    quarantine,
    learned,
    problem: (text) => options.problem(text),
  });
  return {
    intake,
    points,
    memories,
    input,
    storeHabits() {
      for (const ref of points.unstoredHabits()) learned(ref);
    },
    get configSeq() {
      return configSeq;
    },
  };
}
