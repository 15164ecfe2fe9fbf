import { limits } from '../../domain/limits.ts';
import type { Point } from '../../domain/point.ts';
import type { Quantity, Rate, Rule, RuleWindow } from '../../domain/rule.ts';
import { convertDifference } from '../../domain/units.ts';
import type { Question } from './aggregate.ts';
import { differenceIn, limitIn, type ComparedPoint } from '../conditions.ts';
import { formatDuration } from '../message.ts';
import { SampleWindow } from './samples.ts';
import { StuckRun } from './stuck-run.ts';

/** What an alert judges instead of the value of its point, with all it remembers for that. */
export type Gauge = WindowGauge | StuckGauge | ChangeGauge;

interface AnyGauge {
  /** What the memory was gathered for: a gauge of another identity starts anew. */
  readonly identity: string;
  /** Unit in which it is shown and compared. */
  readonly unit: string | null;
  /** What it is, for messages; null: it has a sentence of its own. */
  readonly label: string | null;
  readonly problem: string | null;
}

/** An aggregate of the last stretch of time. */
export interface WindowGauge extends AnyGauge {
  readonly kind: 'window';
  readonly samples: SampleWindow;
  readonly question: Question;
  /** The aggregate of a window is multiplied by this; a slope per millisecond becomes one per minute. */
  readonly factor: number;
  /** Without a reading it is judged again after this. */
  readonly stepMs: number;
}

/** For how long the value has not moved. */
export interface StuckGauge extends AnyGauge {
  readonly kind: 'stuck';
  readonly run: StuckRun;
}

/** The value, and what it was before: a change is judged, not a state. */
export interface ChangeGauge extends AnyGauge {
  readonly kind: 'change';
  /** The last good value since the start, or since the rule began; NaN: there was none. */
  previous: number;
}

/** What of a point decides how it is gauged. */
type GaugedPoint = Pick<Point, 'kind' | 'unit'>;

/** Compiles what a rule judges at one point; goes on with what a gauge of the same identity has gathered. */
export function compileGauge(rule: Rule, point: GaugedPoint, known: Gauge | null): Gauge | null {
  if (rule.window !== null) return windowGauge(rule, rule.window, point, known);
  switch (rule.levels[0]?.comparator.kind) {
    case 'stuck_for':
      return stuckGauge(rule, point, known);
    case 'changes_to':
      return changeGauge(point, known);
    default:
      return null;
  }
}

/** The point as its limits see it: an aggregate need not be in the unit of the point. */
export function comparedAs<Seen extends ComparedPoint>(
  point: Seen,
  rule: Rule,
): Seen | ComparedPoint {
  switch (rule.window?.of.kind) {
    case 'time_above':
      return { kind: 'number', unit: 's', states: [] };
    case 'count':
      return { kind: 'number', unit: null, states: [] };
    default:
      return point;
  }
}

/** Whether what is judged is a place on the scale of the point, to be converted with it. */
export function isInUnitOf(gauge: Gauge | null, { unit }: Pick<Point, 'unit'>): boolean {
  return gauge === null || gauge.unit === unit;
}

/** The rate in whose unit and time all levels of a rule are compared and shown; null: the rule judges no rate. */
export function shownRate(rule: Rule, unit: string | null): Rate | null {
  const comparator = rule.levels[0]?.comparator;
  if (comparator?.kind !== 'rate_above' && comparator?.kind !== 'rate_below') return null;
  return { ...comparator.limit, unit: comparator.limit.unit ?? unit };
}

function windowGauge(
  rule: Rule,
  window: RuleWindow,
  point: GaugedPoint,
  known: Gauge | null,
): WindowGauge {
  const { of, spanMs } = window;
  const identity = JSON.stringify([window, point.unit]);
  const limit = of.kind === 'time_above' ? limitIn(of.limit, point.unit) : 0;
  const rate = of.kind === 'rate' ? shownRate(rule, point.unit) : null;
  const factor = rate === null ? 1 : rateFactor(rate, point.unit);
  return {
    kind: 'window',
    identity,
    samples:
      known?.kind === 'window' && known.identity === identity
        ? known.samples
        : new SampleWindow(spanMs),
    question: {
      of: of.kind,
      percent: of.kind === 'percentile' ? of.percent : 0,
      limit: limit ?? NaN,
    },
    factor: factor ?? NaN,
    unit: rate === null ? comparedAs({ ...point, states: [] }, rule).unit : rateUnit(rate),
    label: `${aggregateLabel(window)} over ${formatDuration(spanMs)}`,
    stepMs: Math.max(limits.windowStepMsMin, Math.ceil(spanMs / limits.windowSteps)),
    problem: of.kind === 'time_above' ? timeAboveProblem(of.limit, point, limit) : null,
  };
}

function stuckGauge(rule: Rule, point: GaugedPoint, known: Gauge | null): StuckGauge {
  let spanMs = 0;
  let tolerance: number | null = 0;
  let written: string | null = null;
  for (const { comparator } of rule.levels) {
    if (comparator.kind !== 'stuck_for') continue;
    spanMs = Math.max(spanMs, comparator.forMs);
    tolerance = differenceIn(comparator.tolerance, point.unit);
    written = comparator.tolerance.unit;
  }
  const identity = JSON.stringify(['stuck', spanMs, tolerance, point.unit, point.kind]);
  return {
    kind: 'stuck',
    identity,
    run:
      known?.kind === 'stuck' && known.identity === identity
        ? known.run
        : // One state is as far from another as any: a tolerance is for numbers.
          new StuckRun(spanMs, point.kind === 'number' ? (tolerance ?? 0) : 0),
    unit: 's',
    label: null,
    problem:
      tolerance === null ? `${written ?? ''} cannot be converted to ${point.unit ?? ''}` : null,
  };
}

function changeGauge(point: GaugedPoint, known: Gauge | null): ChangeGauge {
  const identity = JSON.stringify(['change', point.unit, point.kind]);
  const previous = known?.kind === 'change' && known.identity === identity ? known.previous : NaN;
  return { kind: 'change', identity, previous, unit: point.unit, label: null, problem: null };
}

// Of all others the levels tell, which are in the unit of the point.
function timeAboveProblem(
  written: Quantity,
  point: GaugedPoint,
  limit: number | null,
): string | null {
  if (point.kind === 'text') return 'a text state cannot be compared with a number';
  return limit === null ? `${written.unit ?? ''} cannot be converted to ${point.unit ?? ''}` : null;
}

function rateFactor(rate: Rate, unit: string | null): number | null {
  if (unit === null || rate.unit === null) return rate.perMs;
  const one = convertDifference(1, unit, rate.unit);
  return one === null ? null : one * rate.perMs;
}

function rateUnit({ unit, perMs }: Rate): string {
  return `${unit ?? '1'}/${perMs === 60_000 ? 'min' : 'h'}`;
}

function aggregateLabel({ of }: RuleWindow): string {
  switch (of.kind) {
    case 'mean':
    case 'min':
    case 'max':
    case 'count':
    case 'rate':
      return of.kind;
    case 'percentile':
      return `percentile ${of.percent}`;
    case 'time_above':
      return `time above ${of.limit.value}${of.limit.unit === null ? '' : ` ${of.limit.unit}`}`;
  }
}
