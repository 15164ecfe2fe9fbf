import type { PointEntry } from '../../domain/config.ts';
import { limits } from '../../domain/limits.ts';
import { pointName } from '../../domain/point.ts';
import type { Context } from '../context.ts';
import { readExpression } from './expressions.ts';
import type { FindSettings } from './point-units.ts';
import { quote } from '../text/problem.ts';
import type { SalvagedConfig } from '../text/shape.ts';

/** The entries of `points:`, each with the expression by which it is calculated, if any. */
export function readDerivedPoints(
  context: Context,
  input: SalvagedConfig,
  points: readonly PointEntry[],
  findSettings: FindSettings,
): readonly PointEntry[] {
  const derived = points.map((entry) => readDerivedPoint(context, input, entry, findSettings));
  checkCircles(context, derived);
  return derived;
}

function readDerivedPoint(
  context: Context,
  input: SalvagedConfig,
  entry: PointEntry,
  findSettings: FindSettings,
): PointEntry {
  const { text, exact } = entry.pattern;
  const path = ['points', text];
  const written = input.points?.[text];
  if (written === undefined) return entry;
  const expression = readExpression(context, path, written, findSettings);
  if (expression === null) return entry;
  if (!exact) {
    const message = `${quote(text)} may be many points, and an expression gives one`;
    const allowed = 'the point in full, as device/metric';
    context.report.problem(path, { message, allowed, atKey: true });
    return entry;
  }
  const refuse = (key: keyof typeof written, what: string, allowed: string): void => {
    if (written[key] === undefined) return;
    const message = `${key}: of a point that is ${what}`;
    context.report.problem([...path, key], { message, allowed, atKey: true });
  };
  refuse('expect_every', 'calculated', 'expect_every: of its inputs');
  refuse('via', 'calculated', 'via: of its inputs');
  refuse('calibrations', 'calculated', 'calibrations: of its inputs');
  if (expression.kind === 'boolean') {
    refuse('unit', 'true or false', 'an expression that gives a number, or no unit:');
    refuse('valid', 'true or false', 'an expression that gives a number, or no valid:');
  }
  return { ...entry, expression };
}

/** Reports what is calculated from itself, or over too many other points. */
function checkCircles(context: Context, entries: readonly PointEntry[]): void {
  const expressions = new Map(entries.map(({ pattern, expression }) => [pattern.text, expression]));
  const depths = new Map<string, number>();
  const depthOf = (name: string, road: readonly string[]): number => {
    const expression = expressions.get(name) ?? null;
    if (expression === null) return 0;
    const known = depths.get(name);
    if (known !== undefined) return known;
    let depth = 1;
    for (const input of expression.inputs) {
      const from = pointName(input);
      const path = ['points', name, 'inputs', input.name];
      const below = [...road, name];
      if (below.includes(from)) {
        const circle = [...below.slice(below.indexOf(from)), from].join(' from ');
        const allowed = 'points that come from a source in the end';
        context.report.problem(path, { message: `a circle: ${circle}`, allowed });
        continue;
      }
      depth = Math.max(depth, 1 + depthOf(from, below));
      if (depth !== limits.derivedDepthMax + 1) continue;
      const message = 'too many points are calculated one from the other';
      context.report.problem(path, { message, allowed: `at most ${limits.derivedDepthMax}` });
    }
    depths.set(name, depth);
    return depth;
  };
  for (const name of expressions.keys()) depthOf(name, []);
}
