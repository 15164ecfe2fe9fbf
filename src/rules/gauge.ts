import { limits } from '../domain/limits.ts';
import type { Point } from '../domain/point.ts';
import type { Quantity, Rate, Rule, RuleWindow } from '../domain/rule.ts';
import { convertDifference } from '../domain/units.ts';
import type { Question } from './aggregate.ts';
import { limitIn, type ComparedPoint } from './conditions.ts';
import { formatDuration } from './message.ts';
import { SampleWindow } from './samples.ts';

/** What an alert judges instead of the value of its point, with all it remembers for that. */
export interface Gauge {
  /** What the memory was gathered for: a gauge of another identity starts anew. */
  readonly identity: string;
  readonly samples: SampleWindow;
  readonly question: Question;
  /** The aggregate of a window is multiplied by this; a slope per millisecond becomes one per minute. */
  readonly factor: number;
  /** Unit in which it is shown and compared. */
  readonly unit: string | null;
  /** What it is, for messages. */
  readonly label: string;
  /** Without a reading it is judged again after this. */
  readonly stepMs: number;
  readonly problem: string | null;
}

/** What of a point decides how it is gauged. */
type GaugedPoint = Pick<Point, 'kind' | 'unit'>;

/** Compiles what a rule judges at one point; goes on with what a gauge of the same identity has gathered. */
export function compileGauge(rule: Rule, point: GaugedPoint, known: Gauge | null): Gauge | null {
  return rule.window === null ? null : windowGauge(rule, rule.window, point, known);
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
): Gauge {
  const { of, spanMs } = window;
  const identity = JSON.stringify([window, point.unit]);
  const limit = of.kind === 'time_above' ? limitIn(of.limit, point.unit) : 0;
  const rate = of.kind === 'rate' ? shownRate(rule, point.unit) : null;
  const factor = rate === null ? 1 : rateFactor(rate, point.unit);
  return {
    identity,
    samples: known?.identity === identity ? known.samples : new SampleWindow(spanMs),
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
