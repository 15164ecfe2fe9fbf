import type { Quantity } from '../../domain/rule.ts';
import type { ConditionKey } from './comparators.ts';
import { readQuantity, type Context } from '../context.ts';
import { quantityText } from '../points/points.ts';
import type { Path } from '../text/problem.ts';
import type { RuleInput } from '../text/shape.ts';

/** How far a value may move and still be stuck; 0 if nothing, or nothing right, is said. */
export function readTolerance(
  context: Context,
  path: Path,
  { tolerance }: RuleInput,
  condition: ConditionKey,
): Quantity {
  const ownPath = [...path, 'tolerance'];
  const none = { value: 0, unit: null };
  if (tolerance === undefined) return none;
  if (condition !== 'stuck_for') {
    const message = `tolerance: has no meaning beside ${condition}:`;
    const allowed = 'tolerance beside stuck_for';
    context.report.problem(ownPath, { message, allowed, atKey: true });
    return none;
  }
  const quantity = readQuantity(context, ownPath, tolerance) ?? none;
  if (quantity.value >= 0) return quantity;
  const message = `found ${quantityText(quantity)}`;
  context.report.problem(ownPath, { message, allowed: 'a tolerance of 0 or more' });
  return none;
}
