import { ownRules } from '../../domain/rule.ts';
import { momentText, type Move, type TestScript } from '../../domain/rehearsal.ts';
import type { DurationMs } from '../../domain/time.ts';
import { checkReference, readDuration, readText } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from '../text/problem.ts';
import { actKeys } from './test-acts.ts';
import { readCommands, readEvents, readFlags } from './test-expect.ts';
import { readMoment, type TestContext } from './test-names.ts';
import type { ScriptInput, StepInput } from './test-schema.ts';
import { pointsOf, readDeeds, readReadings } from './test-steps.ts';

/** The tests of a file. */
export function readScripts(
  context: TestContext,
  inputs: readonly (ScriptInput | undefined)[],
): TestScript[] {
  const names = new Set<string>();
  if (inputs.length === 0 && !context.report.isTouched(['tests'])) {
    context.report.problem(['tests'], { message: 'no tests', allowed: 'a list of tests' });
  }
  return inputs.flatMap((input, index) => {
    const path = ['tests', index];
    if (input?.name === undefined) return [];
    const name = readText(context, [...path, 'name'], input.name);
    if (names.has(name)) {
      const message = `a second test named ${quote(name)}`;
      context.report.problem([...path, 'name'], { message, allowed: 'each name once' });
    }
    names.add(name);
    return [readScript(context, path, name, input)];
  });
}

function readScript(
  context: TestContext,
  path: Path,
  name: string,
  input: ScriptInput,
): TestScript {
  const eventsPath = [...path, 'events'];
  const flagsPath = [...path, 'flags'];
  const commandsPath = [...path, 'commands'];
  const events = input.events === undefined ? null : readEvents(context, eventsPath, input.events);
  const flags = input.flags === undefined ? null : readFlags(context, flagsPath, input.flags);
  const commands =
    input.commands === undefined ? null : readCommands(context, commandsPath, input.commands);
  const steps = placeSteps(context, [...path, 'steps'], input.steps ?? []);
  const wantedMs = [...(events ?? []), ...(flags ?? []), ...(commands ?? [])].map(
    ({ atMs }) => atMs ?? 0,
  );
  const endMs = Math.max(0, ...wantedMs, ...steps.map(({ fromMs, toMs }) => toMs ?? fromMs));
  const moves = writeOut(context, steps, endMs);
  checkDown(context, moves);
  const ignored = readIgnored(context, [...path, 'ignore'], input.ignore ?? []);
  checkContent(context, path, input);
  return {
    ...context.place([...path, 'name']),
    name,
    moves: moves.map(({ move }) => move),
    endMs: Math.max(endMs, ...moves.map(({ move }) => move.atMs)),
    events,
    flags,
    commands,
    ignored,
    eventsPlace: context.place(eventsPath),
    flagsPlace: context.place(flagsPath),
    commandsPlace: context.place(commandsPath),
  };
}

// An act is expected to be done, or to be refused.
const checkKeys = ['expect', 'set', ...actKeys] as const;

// It would pass whatever the rules are.
function checkContent(
  context: TestContext,
  path: Path,
  { steps, events, flags, commands }: ScriptInput,
): void {
  if (steps === undefined || context.report.isTouched(path)) return;
  const hasCheck = steps.some((step) => checkKeys.some((key) => step?.[key] !== undefined));
  if (hasCheck || (events ?? flags ?? commands) !== undefined) return;
  const nothing =
    steps.length === 0
      ? {
          message: 'nothing happens, and nothing is expected',
          allowed: 'steps, or events, flags or commands beside them',
        }
      : {
          message: 'nothing is expected: it passes whatever the rules are',
          allowed: 'expect or an act in a step, or events, flags or commands beside the steps',
        };
  context.report.problem([...path, 'steps'], nothing);
}

function readIgnored(
  context: TestContext,
  path: Path,
  input: NonNullable<ScriptInput['ignore']>,
): string[] {
  const rules = context.config?.rules.map((rule) => rule.name) ?? [];
  const known = [...rules, ...ownRules, 'limen.*'];
  return input.flatMap((each, index) => {
    if (each === undefined) return [];
    const name = readText(context, [...path, index], each);
    if (context.config !== null) {
      checkReference(context, [...path, index], { kind: 'rule', name, known });
    }
    return [name];
  });
}

/** A step and its time. */
interface PlacedStep {
  readonly path: Path;
  readonly step: StepInput;
  readonly fromMs: DurationMs;
  /** null: it happens once. */
  readonly everyMs: DurationMs | null;
  /** End of `every:`; null: until a later step has one of its points. */
  readonly toMs: DurationMs | null;
}

function placeSteps(
  context: TestContext,
  path: Path,
  inputs: NonNullable<ScriptInput['steps']>,
): PlacedStep[] {
  let lastMs = 0;
  return inputs.flatMap((step, index) => {
    if (step === undefined) return [];
    const at = [...path, index];
    const placed = placeStep(context, at, step, lastMs);
    if (placed === null) return [];
    if (placed.fromMs < lastMs) {
      const key = step.every === undefined ? 'at' : 'from';
      context.report.problem([...at, key], {
        message: `${momentText(placed.fromMs)} lies before ${momentText(lastMs)} of the step above`,
        allowed: 'steps in the order of time',
      });
    }
    lastMs = Math.max(lastMs, placed.fromMs);
    return [placed];
  });
}

function placeStep(
  context: TestContext,
  path: Path,
  step: StepInput,
  lastMs: DurationMs,
): PlacedStep | null {
  const { report } = context;
  if (step.every === undefined) {
    for (const key of ['from', 'to'] as const) {
      if (step[key] === undefined) continue;
      const message = `${key}: has no meaning without every:`;
      report.problem([...path, key], { message, allowed: 'at', atKey: true });
    }
    const fromMs = readMoment(context, [...path, 'at'], step.at);
    if (fromMs === null) {
      if (!report.isTouched(path)) {
        report.problem(path, { message: 'a step without a time', allowed: 'at, or every' });
      }
      return null;
    }
    return { path, step, fromMs, everyMs: null, toMs: null };
  }
  if (step.at !== undefined) {
    const message = 'at: has no meaning beside every:';
    report.problem([...path, 'at'], { message, allowed: 'from, to', atKey: true });
  }
  const everyMs = readDuration(context, [...path, 'every'], step.every, { min: 1 });
  const fromMs = readMoment(context, [...path, 'from'], step.from) ?? lastMs;
  const toMs = readMoment(context, [...path, 'to'], step.to);
  if (toMs !== null && toMs < fromMs) {
    const message = `${momentText(toMs)} lies before ${momentText(fromMs)}, where it begins`;
    report.problem([...path, 'to'], { message, allowed: 'a later time' });
  }
  if (pointsOf(step).length === 0 && !report.isTouched(path)) {
    const message = 'every: without a reading';
    report.problem(path, { message, allowed: 'readings as device/metric: value' });
  }
  return everyMs === undefined ? null : { path, step, fromMs, everyMs, toMs };
}

interface PlacedMove {
  readonly move: Move;
  readonly path: Path;
}

/** All moves of all steps in the order of time; at the same time in the order of the file. */
function writeOut(
  context: TestContext,
  steps: readonly PlacedStep[],
  endMs: DurationMs,
): PlacedMove[] {
  const moves: PlacedMove[] = [];
  for (const [index, placed] of steps.entries()) {
    const { path, step, fromMs, everyMs } = placed;
    const readings = readReadings(context, path, step);
    if (everyMs === null) {
      moves.push(...readings.map(({ take }) => ({ path, move: { ...take(0), atMs: fromMs } })));
      moves.push(...readDeeds(context, path, step, fromMs).map((move) => ({ path, move })));
      continue;
    }
    readDeeds(context, path, step, fromMs);
    // A point goes on until another step speaks for it: each on its own, as each sensor has its own rhythm.
    for (const { point, take } of readings) {
      const next = steps.slice(index + 1).find((later) => pointsOf(later.step).includes(point));
      const lastMs = placed.toMs ?? (next === undefined ? endMs : next.fromMs - 1);
      const count = Math.floor(Math.max(0, lastMs - fromMs) / everyMs) + 1;
      if (moves.length + count > configLimits.testMovesMax) {
        const message = `more than ${configLimits.testMovesMax} readings in one test`;
        context.report.problem([...path, 'every'], { message, allowed: 'a longer time' });
        return [];
      }
      for (let turn = 0; turn < count; turn += 1) {
        moves.push({ path, move: { ...take(turn), atMs: fromMs + turn * everyMs } });
      }
    }
  }
  return moves.toSorted((a, b) => a.move.atMs - b.move.atMs);
}

/** While Limen is down readings are lost; nobody can be asked anything. */
function checkDown(context: TestContext, moves: readonly PlacedMove[]): void {
  let isDown = false;
  for (const { move, path } of moves) {
    if (move.kind === 'start') isDown = false;
    else if (isDown && ['act', 'expect', 'kill', 'reload'].includes(move.kind)) {
      context.report.problem([...path, 'at'], {
        message: `Limen is down at ${momentText(move.atMs)}`,
        allowed: 'a time after it has started again',
      });
    } else if (move.kind === 'kill') isDown = true;
  }
}
