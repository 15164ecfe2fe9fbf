import jsep from 'jsep';
import { quote } from '../text/problem.ts';

/** What is wrong in the text of an expression. */
export interface ExpressionMistake {
  /** Characters into the text. */
  readonly at: number;
  readonly message: string;
  readonly allowed: string | null;
  readonly suggestion: string | null;
}

/** A part of an expression as jsep gives it: of any kind, allowed or not. */
export type Syntax =
  | { readonly type: 'Literal'; readonly value: unknown; readonly raw: string }
  | { readonly type: 'Identifier'; readonly name: string }
  | { readonly type: 'UnaryExpression'; readonly operator: string; readonly argument: Syntax }
  | BinarySyntax
  | ChoiceSyntax
  | {
      readonly type: 'CallExpression';
      readonly callee: Syntax;
      readonly arguments: readonly Syntax[];
    }
  | { readonly type: 'Compound'; readonly body: readonly Syntax[] }
  | { readonly type: 'SequenceExpression' | 'MemberExpression' | 'ArrayExpression' }
  | { readonly type: 'ThisExpression' };

interface BinarySyntax {
  readonly type: 'BinaryExpression';
  readonly operator: string;
  readonly left: Syntax;
  readonly right: Syntax;
}

interface ChoiceSyntax {
  readonly type: 'ConditionalExpression';
  readonly test: Syntax;
  readonly consequent: Syntax;
  readonly alternate: Syntax;
}

/** Parses the text of an expression; nothing is judged but its syntax. */
export function parseSyntax(text: string): Syntax | ExpressionMistake {
  // jsep passes these by in silence.
  const stray = /;|\(\s*\)|^\s*,|[(,]\s*,|,\s*\)|,\s*$/.exec(text);
  if (stray !== null) return mistake(stray.index, `found ${quote(stray[0])}`);
  try {
    // Its own types leave the parts of a node open. Nodes of plugins there are none.
    return jsep(text) as unknown as Syntax;
  } catch (error) {
    // jsep is recursive: parentheses nested thousands deep exhaust the stack.
    if (error instanceof RangeError) return mistake(0, 'the expression nests too deeply');
    if (!(error instanceof Error)) throw error;
    const { index, description } = error as Error & { index?: number; description?: string };
    if (index === undefined || description === undefined) throw error;
    return readMistake(text, Math.min(index, text.length), description);
  }
}

/** Where a part begins, its parentheses included. */
export function startOf(node: Syntax): number {
  const start = starts.get(node);
  if (start !== undefined) return start;
  // Operators are joined from parts that have been read before.
  if (node.type === 'BinaryExpression') return startOf(node.left);
  if (node.type === 'ConditionalExpression') return startOf(node.test);
  return 0;
}

const starts = new WeakMap<object, number>();

/** Where the part begins that a parser is reading: it must not be asked for the place of the same part again. */
const reading = new WeakMap<jsep.HookScope, number>();

jsep.hooks.add('gobble-token', function placeToken(env) {
  const start = this.index;
  if (reading.get(this) === start) return;
  reading.set(this, start);
  const node = this.gobbleToken();
  if (node === undefined || node === null || typeof node !== 'object') return;
  starts.set(node, start);
  env.node = node;
});

function readMistake(text: string, index: number, description: string): ExpressionMistake {
  // `a = b` is an assignment in most languages.
  if (text[index] === '=') return mistake(index, 'found "="', 'comparisons: ==', '"=="');
  const words = description.charAt(0).toLowerCase() + description.slice(1);
  const end = text.slice(index).trim() === '' ? ' at the end' : '';
  return mistake(index, `not an expression: ${words}${end}`);
}

function mistake(
  at: number,
  message: string,
  allowed: string | null = 'such as t - (100 - rh) / 5',
  suggestion: string | null = null,
): ExpressionMistake {
  return { at, message, allowed, suggestion };
}
