import type { AcknowledgeWith } from '../../domain/rule.ts';
import { readState } from './comparators.ts';
import type { Context } from '../context.ts';
import { splitPoint } from '../points/point-units.ts';
import { readPattern } from '../points/points.ts';
import { quote, type Path } from '../text/problem.ts';
import type { RuleInput } from '../text/shape.ts';

/** The button of a rule: `device/metric`, or that and the state which acknowledges; null if there is none. */
export function readAcknowledgeWith(
  context: Context,
  path: Path,
  value: RuleInput['acknowledge_with'],
): AcknowledgeWith | null {
  if (value === undefined) return null;
  const isWithState = typeof value === 'object';
  const point = isWithState ? value.point : value;
  const pointPath = isWithState ? [...path, 'point'] : path;
  if (point === undefined) return null;
  const pattern = readPattern(context, pointPath, point, false);
  if (pattern === null) return null;
  if (!pattern.exact) {
    const message = `${quote(pattern.text)} may match several points`;
    context.report.problem(pointPath, { message, allowed: 'one point as device/metric' });
    return null;
  }
  const equals = isWithState ? value.equals : undefined;
  return {
    ...splitPoint(pattern.text),
    equals: equals === undefined ? null : readState(context, [...path, 'equals'], equals),
  };
}
