import type { Condition } from '../../domain/alert.ts';
import type { CompareClause } from '../../domain/clause.ts';
import { compileExpression, type Evaluate } from '../../domain/evaluate-expression.ts';
import type { Expression } from '../../domain/expression.ts';
import type { Point, PointPattern } from '../../domain/point.ts';
import type { Clause, CompoundClause } from '../../domain/rule.ts';
import type { Region } from '../conditions.ts';
import type { Moment } from '../moment.ts';

/** Joins verdicts. Counts them, so that one that changes costs as much as the tree is deep, not as it is wide. */
export interface Gate {
  readonly kind: 'all' | 'any' | 'at_least';
  readonly parent: Gate | null;
  readonly of: ClauseNode[];
  /** How many have to be breached, of how many; how many are, and of how many nobody knows. */
  needed: number;
  total: number;
  breached: number;
  unknown: number;
  verdict: Condition;
}

/** A comparison with every point that it matches: each has a vote of its own in the gate. */
export interface Comparison {
  readonly kind: 'compare';
  readonly parent: Gate;
  readonly clause: CompareClause;
  /** Its place among the comparisons of the clause. */
  readonly place: number;
  readonly members: ComparedMember[];
  /** Its patterns that match no point yet: each is one unknown vote. */
  unmatched: readonly PointPattern[];
}

/** A calculation whose truth is the verdict. */
export interface Formula {
  readonly kind: 'expression';
  readonly parent: Gate | null;
  readonly expression: Expression;
  readonly evaluate: Evaluate;
  /** What is put into it, in the order of its inputs; NaN: unknown. */
  readonly values: Float64Array;
  readonly members: InputMember[];
  verdict: Condition;
}

export type ClauseNode = Gate | Comparison | Formula;

/** The point of a member, as it is at present: its unit and its index may change. */
interface MemberSlot {
  readonly point: Point;
}

/** One point in a comparison. */
export interface ComparedMember {
  readonly kind: 'compared';
  readonly of: Comparison;
  readonly slot: MemberSlot;
  region: Region;
  verdict: Condition;
  /** The last verdict that was one. */
  breached: boolean;
  /** It has been breached since the alert was raised, or when it was: now its deadband acts. */
  held: boolean;
  /** Code of its quality at the last judgement; -1: never judged. */
  quality: number;
}

/** One point in a calculation. */
export interface InputMember {
  readonly kind: 'input';
  readonly of: Formula;
  readonly index: number;
  readonly slot: MemberSlot;
  quality: number;
}

export type ClauseMember = ComparedMember | InputMember;

/** A clause over the points there are: judged member by member, as their readings come. */
export interface BoundClause extends ClauseUse {
  readonly root: Gate | Formula;
  readonly members: ClauseMember[];
  /** Members of an earlier life that are not there yet. */
  readonly remembered: { readonly breached: Set<string>; readonly held: Set<string> };
  /** How many members have each quality, by its code. */
  readonly qualities: number[];
  /** Whether the deadbands act. */
  isHeld: boolean;
  /** Every member has been judged since something else than a reading has changed it. */
  isCurrent: boolean;
  /** Every point that is named, and one at least for every glob, is there. */
  isComplete: boolean;
  /** The deadband of a member has begun or ceased to act: that is not to be seen from the values alone. */
  hasMoved: boolean;
}

/** The condition in the `active_when` of a rule: judged once for all its alerts. */
export interface ActiveClause {
  /** Two with the same text are the same. */
  readonly text: string;
  readonly bound: BoundClause;
  verdict: Condition;
}

/** A condition that is judged for somebody else. */
export interface WatchedCondition {
  readonly text: string;
  readonly bound: BoundClause;
  /** As it was told last. */
  verdict: Condition;
}

/** What of a clause the values alone do not tell: its members with a deadband that are breached, and that it holds. */
export interface ClauseMemory {
  readonly breached: readonly string[];
  readonly held: readonly string[];
}

/** What a clause is bound for. */
export interface ClauseUse {
  readonly clause: Clause;
  /** The clauses of one point are heeded in the order of these. */
  readonly order: string;
  /** What cannot be judged where the clause cannot, as the beginning of a sentence. */
  readonly subject: string;
  /**
   * Called after a member may have changed. `isReport`: by a reading, or by its silence; not because more is known of its
   * point.
   */
  readonly heed: (moment: Moment, isReport: boolean) => void;
  /** Called before the alerts of the point, too: what is lost by a reading is lost before anything follows from it. */
  readonly heedFirst?: (moment: Moment) => void;
  /** Whether a reading so old at its arrival is judged. */
  readonly judgesAt: (ageMs: number) => boolean;
}

/** What a point has to do with a clause. */
export interface ClauseLink {
  readonly bound: BoundClause;
  readonly members: ClauseMember[];
}

/** Builds the tree of a clause, without points. A comparison alone is breached if any of its points is. */
export function plantClause(clause: Clause): Gate | Formula {
  let places = 0;
  const plant = (each: Clause, parent: Gate): ClauseNode => {
    if (each.kind !== 'compare') return join(each, parent);
    places += 1;
    return {
      kind: 'compare',
      parent,
      clause: each,
      place: places,
      members: [],
      unmatched: each.points,
    };
  };
  const join = (each: CompoundClause, parent: Gate | null): Gate | Formula => {
    if (each.kind === 'expression') return plantFormula(each.expression, parent);
    const gate: Gate = {
      kind: each.kind,
      parent,
      of: [],
      needed: each.kind === 'at_least' ? each.n : 1,
      total: 0,
      breached: 0,
      unknown: 0,
      verdict: 'unknown',
    };
    for (const part of each.of) {
      const node = plant(part, gate);
      gate.of.push(node);
      const votes = node.kind === 'compare' ? node.unmatched.length : 1;
      for (let given = 0; given < votes; given += 1) vote(gate, null, 'unknown');
    }
    return gate;
  };
  return join(clause.kind === 'compare' ? { kind: 'any', of: [clause] } : clause, null);
}

/** Changes one vote, or adds or takes one (null), and with it every gate above whose verdict changes by it. */
export function vote(gate: Gate, before: Condition | null, after: Condition | null): void {
  if (before === after) return;
  count(gate, before, -1);
  count(gate, after, 1);
  if (gate.kind === 'all') gate.needed = gate.total;
  const was = gate.verdict;
  gate.verdict = verdictOf(gate);
  if (gate.parent !== null) vote(gate.parent, was, gate.verdict);
}

/** Computes a formula anew, and tells the gate above. */
export function recompute(formula: Formula): void {
  const result = formula.evaluate(formula.values);
  const was = formula.verdict;
  formula.verdict = Number.isNaN(result) ? 'unknown' : result === 0 ? 'clear' : 'breached';
  if (formula.parent !== null) vote(formula.parent, was, formula.verdict);
}

/** Every comparison and calculation of a tree, in the order in which it is written. */
export function* leavesOf(node: ClauseNode): Iterable<Comparison | Formula> {
  if (node.kind === 'compare' || node.kind === 'expression') yield node;
  else for (const each of node.of) yield* leavesOf(each);
}

// Kleene: `all` asks for as many as there are, `any` for one. Points that a pattern may still find are unknown.
function verdictOf({ needed, total, breached, unknown }: Gate): Condition {
  if (breached >= needed) return 'breached';
  const toCome = Math.max(0, needed - total);
  return breached + unknown + toCome < needed ? 'clear' : 'unknown';
}

function count(gate: Gate, verdict: Condition | null, by: number): void {
  if (verdict === null) return;
  gate.total += by;
  if (verdict === 'breached') gate.breached += by;
  else if (verdict === 'unknown') gate.unknown += by;
}

function plantFormula(expression: Expression, parent: Gate | null): Formula {
  return {
    kind: 'expression',
    parent,
    expression,
    evaluate: compileExpression(expression),
    values: new Float64Array(expression.inputs.length).fill(NaN),
    members: [],
    verdict: 'unknown',
  };
}
