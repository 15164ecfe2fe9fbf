import type { ShownLimit } from '../domain/alert.ts';
import type { Point } from '../domain/point.ts';
import type { Comparator, Level, Quantity, Rate } from '../domain/rule.ts';
import { stateIndex } from '../domain/state.ts';
import { convert, convertDifference } from '../domain/units.ts';
import { tidy } from './message.ts';

/**
 * A comparator over the doubles of one point. Every comparator is an interval: `above`, `below` and `outside` are
 * breached outside of it, `inside` and `equals` within it. Numbers instead of closures: the engine can also ask how
 * far a value may move before any verdict changes.
 */
export interface Region {
  /** True: breached within the interval; false: breached outside of it. */
  readonly within: boolean;
  readonly low: number;
  readonly high: number;
  /** The interval while the level is held: moved by the deadband. */
  readonly heldLow: number;
  readonly heldHigh: number;
  /** Why no value can be compared with this limit, so that the verdict is always `unknown`; null: it can. */
  readonly problem: string | null;
}

/** What of a point decides how its numbers are compared. */
export type ComparedPoint = Pick<Point, 'kind' | 'unit' | 'states'>;

/**
 * Compiles a level for one point: limits and deadband in the point's unit. A point without a unit takes the numbers
 * as they are. The deadband is that of ISA-18.2 and acts only while the level is held. `rate`: in whose unit and time
 * the limits of a rate are compared.
 */
export function compileRegion(
  level: Level,
  point: ComparedPoint,
  rate: Rate | null = null,
): Region {
  const { comparator } = level;
  switch (comparator.kind) {
    case 'above':
      return fromLimits(false, [null, comparator.limit], level, point);
    case 'below':
      return fromLimits(false, [comparator.limit, null], level, point);
    case 'outside':
      return fromLimits(false, [comparator.low, comparator.high], level, point);
    case 'inside':
      return fromLimits(true, [comparator.low, comparator.high], level, point);
    case 'equals':
    case 'changes_to':
      return fromState(comparator.value, level, point);
    case 'silent_for':
    case 'stuck_for':
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return never(null);
    case 'rate_above':
      return fromRate([null, comparator.limit], level, point, rate ?? comparator.limit);
    case 'rate_below':
      return fromRate([comparator.limit, null], level, point, rate ?? comparator.limit);
  }
}

/** Whether a value breaches the region; `held`: the level has been due and is not left yet. */
export function isBreached(region: Region, held: boolean, value: number): boolean {
  const low = held ? region.heldLow : region.low;
  const high = held ? region.heldHigh : region.high;
  return region.within ? value >= low && value <= high : value < low || value > high;
}

/** How far a value lies in the direction of the breach: of two values the one with the larger number is worse. */
export function badness(comparator: Comparator['kind'], region: Region, value: number): number {
  switch (comparator) {
    case 'above':
    case 'rate_above':
    case 'silent_for':
    case 'stuck_for':
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return value;
    case 'below':
    case 'rate_below':
      return -value;
    case 'outside':
      return Math.max(region.low - value, value - region.high);
    case 'inside':
      return Math.min(value - region.low, region.high - value);
    case 'equals':
    case 'changes_to':
      return region.low === value ? 1 : 0;
  }
}

function fromLimits(
  within: boolean,
  [low, high]: readonly [Quantity | null, Quantity | null],
  level: Level,
  point: ComparedPoint,
): Region {
  if (point.kind === 'text') return never('a text state cannot be compared with a number');
  const lowValue = low === null ? -Infinity : limitIn(low, point.unit);
  const highValue = high === null ? Infinity : limitIn(high, point.unit);
  const deadband = differenceIn(level.deadband, point.unit);
  if (lowValue === null || highValue === null || deadband === null) {
    const written = (lowValue === null ? low : highValue === null ? high : level.deadband)?.unit;
    return never(`${written ?? ''} cannot be converted to ${point.unit ?? ''}`);
  }
  const inward = within ? -deadband : deadband;
  return {
    within,
    low: lowValue,
    high: highValue,
    heldLow: lowValue + inward,
    heldHigh: highValue - inward,
    problem: null,
  };
}

// As of differences: 2 °C/min is 3.6 °F/min, and 120 °C/h.
function fromRate(
  [low, high]: readonly [Rate | null, Rate | null],
  level: Level,
  point: ComparedPoint,
  rate: Rate,
): Region {
  const limit = low ?? high;
  if (point.kind === 'text') return never('a text state cannot be compared with a number');
  if (limit === null) return never(null);
  const unit = rate.unit ?? point.unit;
  // Without a unit of its own the limit is in the point's, the deadband in that of the limit.
  const value = rateIn(limit, limit.unit ?? point.unit, unit);
  const deadband = rateIn(level.deadband, level.deadband.unit ?? limit.unit ?? point.unit, unit);
  if (value === null || deadband === null || rateIn(limit, point.unit, unit) === null) {
    return never(`${unit ?? ''} cannot be converted to ${point.unit ?? ''}`);
  }
  const times = rate.perMs === limit.perMs ? 1 : rate.perMs / limit.perMs;
  const place = value * times;
  const back = deadband * times;
  return low === null
    ? { ...outer, high: place, heldHigh: place - back }
    : { ...outer, low: place, heldLow: place + back };
}

const outer = {
  within: false,
  low: -Infinity,
  high: Infinity,
  heldLow: -Infinity,
  heldHigh: Infinity,
  problem: null,
} as const;

function rateIn({ value }: Quantity, unit: string | null, to: string | null): number | null {
  return unit === null || to === null ? value : convertDifference(value, unit, to);
}

function fromState(state: State, level: Level, point: ComparedPoint): Region {
  if (point.kind === 'text') {
    const index = stateIndex(point.states, state);
    // A state that was never heard: nothing equals it yet.
    return index < 0 ? never(stateProblem(state, point)) : exactly(index, 0);
  }
  if (typeof state === 'string') return never(stateProblem(state, point));
  const deadband = differenceIn(level.deadband, point.unit);
  return exactly(Number(state), point.kind === 'number' ? (deadband ?? 0) : 0);
}

type State = number | boolean | string;

/** Why a point can never be in a state, as far as it is known; null: it can. */
export function stateProblem(
  state: State,
  { kind, states }: Pick<ComparedPoint, 'kind' | 'states'>,
): string | null {
  if (kind === 'text') return stateIndex(states, state) < 0 ? misspelling(state, states) : null;
  return typeof state === 'string' ? `"${state}" cannot be compared with a ${kind}` : null;
}

// Waiting for "open" from what says "OPEN" would be for ever, and nobody would know.
function misspelling(state: State, states: readonly string[]): string | null {
  const written = String(state);
  const said = states.find((each) => each.toLowerCase() === written.toLowerCase());
  return said === undefined ? null : `it says "${said}", and the rule "${written}"`;
}

function exactly(value: number, deadband: number): Region {
  return {
    within: true,
    low: value,
    high: value,
    heldLow: value - deadband,
    heldHigh: value + deadband,
    problem: null,
  };
}

// No number lies within an empty interval.
function never(problem: string | null): Region {
  return { within: true, low: NaN, high: NaN, heldLow: NaN, heldHigh: NaN, problem };
}

/** A limit in the unit of a point, which may have none; null: that is impossible. */
export function limitIn(limit: Quantity, unit: string | null): number | null {
  if (limit.unit === null || unit === null) return limit.value;
  return convert(limit.value, limit.unit, unit);
}

/** A difference in the unit of a point, which may have none; null: that is impossible. */
export function differenceIn(difference: Quantity, unit: string | null): number | null {
  if (difference.unit === null || unit === null) return difference.value;
  return convertDifference(difference.value, difference.unit, unit);
}

/** The limit that a held region is left by, as people see it; null: the same as it was passed by. */
export function clearLimit({ low, high, heldLow, heldHigh }: Region): ShownLimit | null {
  if (low === heldLow && high === heldHigh) return null;
  const isLow = Number.isFinite(heldLow);
  const isHigh = Number.isFinite(heldHigh);
  if (isLow && isHigh) return [tidy(heldLow), tidy(heldHigh)];
  if (isLow) return tidy(heldLow);
  return isHigh ? tidy(heldHigh) : null;
}
