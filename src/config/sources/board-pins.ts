import type * as v from 'valibot';
import type { PinInput, PinKind, PinScale, ReadPin } from '../../domain/board-pins.ts';
import type { boardPins } from './board-pins-shape.ts';
import { readDuration, readLine, readText, readUnit, type Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from '../text/problem.ts';
import { readSwitch } from '../text/schema-parts.ts';
import type { Salvaged } from '../text/shape.ts';

/** `pins:` as it is written, without what is wrong. */
export type PinsInput = Salvaged<v.InferOutput<typeof boardPins>>;

type PinInputShape = NonNullable<PinsInput[string]>;

/** What a board can do about its pins, whatever is connected. */
export interface BoardAbilities {
  readonly kinds: readonly PinKind[];
  readonly everyMsMin: number;
  readonly everyMsMax: number;
  readonly samplesMax: number;
  readonly debounceMsMax: number;
}

/** A pin as the board's print names it. */
const pinPattern = /^A?(?:0|[1-9]\d?)$/;

/** The pins of a board that are read, each one metric of its own. */
export function readPins(
  context: Context,
  path: Path,
  pins: PinsInput | undefined,
  abilities: BoardAbilities,
): readonly ReadPin[] {
  const metrics = new Map<string, string>();
  return Object.entries(pins ?? {}).flatMap(([pin, entry]) => {
    const pinPath = [...path, pin];
    if (!checkPinName(context, pinPath, pin, true) || entry === undefined) return [];
    const read = readPin(context, pinPath, pin, entry, abilities);
    if (read === null) return [];
    const other = metrics.get(read.metric);
    if (other !== undefined) {
      context.report.problem([...pinPath, 'metric'], {
        message: `the pin ${other} already gives ${quote(read.metric)}`,
        allowed: 'each metric once on a board',
      });
    }
    metrics.set(read.metric, pin);
    return [read];
  });
}

/** Checks the name of a pin; `atKey`: it is the key of its entry. */
export function checkPinName(context: Context, path: Path, pin: string, atKey = false): boolean {
  if (pinPattern.test(pin)) return true;
  context.report.problem(path, {
    message: `${quote(pin)} is not a pin`,
    allowed: 'its name on the board, such as 7 or A0',
    suggestion: pinPattern.test(pin.replace(/^[Dd]/, '')) ? pin.slice(1) : null,
    ...(atKey ? { atKey } : {}),
  });
  return false;
}

function readPin(
  context: Context,
  path: Path,
  pin: string,
  entry: PinInputShape,
  abilities: BoardAbilities,
): ReadPin | null {
  for (const name of ['sensor', 'controller'] as const) {
    if (entry[name] === undefined) continue;
    context.report.problem([...path, name], {
      message: `${quote(name)} is for boards with StandardFirmata`,
      allowed: 'firmata: instead of serial:',
      atKey: true,
    });
    return null;
  }
  const kind = entry.kind ?? (pin.startsWith('A') ? 'analog' : 'in');
  if (!abilities.kinds.includes(kind)) {
    context.report.problem([...path, 'kind'], {
      message: `this board cannot do ${quote(kind)}`,
      allowed: abilities.kinds.join(', '),
    });
    return null;
  }
  refuseOtherKeys(context, path, entry, kind);
  const { everyMsMin: min, everyMsMax: max } = abilities;
  const everyMs = readDuration(context, [...path, 'every'], entry.every, { min, max }) ?? 1_000;
  const input = readInput(context, path, entry, kind, everyMs, abilities);
  const unitPath = [...path, 'unit'];
  const unit =
    entry.unit === undefined
      ? null
      : (readUnit(context, unitPath, readText(context, unitPath, entry.unit)) ?? null);
  const scale = readScale(context, [...path, 'scale'], entry.scale);
  if (entry.metric === undefined) return null;
  const metric = readLine(context, [...path, 'metric'], entry.metric, configLimits.nameCharsMax);
  return metric === null ? null : { pin, metric, unit, everyMs, scale, input };
}

/** Keys that only some kinds have. */
const ownersOf: Readonly<Partial<Record<keyof PinInputShape, readonly PinKind[]>>> = {
  scale: ['analog', 'count'],
  unit: ['analog', 'count'],
  samples: ['analog'],
  pull: ['in', 'count'],
  debounce: ['in', 'count'],
  inverted: ['in'],
  edge: ['count'],
};

function refuseOtherKeys(context: Context, path: Path, entry: PinInputShape, kind: PinKind): void {
  for (const [name, owners = []] of Object.entries(ownersOf)) {
    if (entry[name as keyof PinInputShape] === undefined || owners.includes(kind)) continue;
    context.report.problem([...path, name], {
      message: `${quote(name)} has no meaning with kind: ${kind}`,
      allowed: `${name} with kind: ${owners.join(' or ')}`,
      atKey: true,
    });
  }
}

function readInput(
  context: Context,
  path: Path,
  entry: PinInputShape,
  kind: PinKind,
  everyMs: number,
  abilities: BoardAbilities,
): PinInput {
  const { pull = 'up', edge = 'falling' } = entry;
  const readDebounce = (fallback: number): number => {
    const bounds = { min: 0, max: abilities.debounceMsMax };
    return readDuration(context, [...path, 'debounce'], entry.debounce, bounds) ?? fallback;
  };
  switch (kind) {
    case 'analog':
      return { kind, samples: readSamples(context, path, entry.samples, everyMs, abilities) };
    case 'in': {
      const inverted = readSwitch(entry.inverted) ?? false;
      return { kind, pull, debounceMs: readDebounce(20), inverted };
    }
    case 'count':
      return { kind, pull, edge, debounceMs: readDebounce(0) };
  }
}

// A sample takes its time: no more than one in a millisecond.
function readSamples(
  context: Context,
  path: Path,
  value: number | undefined,
  everyMs: number,
  { samplesMax }: BoardAbilities,
): number {
  const max = Math.min(samplesMax, everyMs);
  if (value === undefined) return Math.min(16, max);
  if (value >= 1 && value <= max) return value;
  const allowed = `a whole number from 1 to ${max}`;
  context.report.problem([...path, 'samples'], { message: `found ${value}`, allowed });
  return 1;
}

function readScale(
  context: Context,
  path: Path,
  values: readonly (number | undefined)[] | undefined,
): PinScale | null {
  if (values === undefined) return null;
  const [from0, from1, to0, to1, ...rest] = values;
  if (from0 === undefined || from1 === undefined || to0 === undefined || to1 === undefined) {
    if (!context.report.isTouched(path))
      context.report.problem(path, {
        message: `found ${values.length} numbers`,
        allowed: fourNumbers,
      });
    return null;
  }
  if (rest.length > 0 || from0 === from1) {
    const message = rest.length > 0 ? `found ${values.length} numbers` : `found ${from0} twice`;
    context.report.problem(path, { message, allowed: fourNumbers });
    return null;
  }
  return { from: [from0, from1], to: [to0, to1] };
}

const fourNumbers =
  'two numbers at the pin that differ, and what they stand for: [0, 1023, 0, 100]';
