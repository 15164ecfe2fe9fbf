import { pointName, type Point } from '../domain/point.ts';
import type { AcknowledgeWith, Rule } from '../domain/rule.ts';
import { stateIndex } from '../domain/state.ts';
import { acknowledgeBy } from './acts.ts';
import { compareCells } from './alert-cell.ts';
import { stateProblem } from './conditions.ts';
import type { EngineCore } from './engine-core.ts';
import type { Button } from './point-table.ts';
import type { Moment } from './settle.ts';

/**
 * A good reading of a button. Only a change to the state that acknowledges is a press: a button that is found pressed, at
 * a start or when it is wired in, may have been so for days.
 */
export function heedButton(
  core: EngineCore,
  button: Button,
  point: Point,
  { value, moment }: { readonly value: number; readonly moment: Moment },
): void {
  const { previous } = button;
  button.previous = value;
  if (previous === value || Number.isNaN(previous)) return;
  for (const rule of button.rules) {
    const { acknowledgeWith } = rule;
    if (acknowledgeWith === null || isPressed(acknowledgeWith, point, previous)) continue;
    if (isPressed(acknowledgeWith, point, value)) acknowledgeAll(core, rule, point, moment);
  }
}

/** Why a point can never be pressed, as far as it is known; null: it can. */
export function buttonProblem({ equals }: AcknowledgeWith, point: Point): string | null {
  if (equals !== null) return stateProblem(equals, point);
  return point.kind === 'text' ? 'it says words, and the rule names none: equals is missing' : null;
}

function isPressed({ equals }: AcknowledgeWith, point: Point, value: number): boolean {
  if (point.kind === 'text') return equals !== null && stateIndex(point.states, equals) === value;
  if (typeof equals === 'string') return false;
  return equals === null ? value !== 0 : value === Number(equals);
}

function acknowledgeAll(core: EngineCore, rule: Rule, point: Point, moment: Moment): void {
  const waiting = [...core.cells.values()].filter(
    (cell) =>
      cell.rule.name === rule.name && (cell.state === 'active' || cell.state === 'returned'),
  );
  for (const cell of waiting.sort(compareCells)) {
    acknowledgeBy(core, cell, pointName(point), moment);
  }
}
