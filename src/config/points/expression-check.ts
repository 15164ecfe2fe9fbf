import {
  arithmeticOperators,
  comparisonOperators,
  expressionFunctions,
  logicOperators,
  type BinaryOperator,
  type ExpressionFunction,
  type ExpressionKind,
  type ExpressionNode,
} from '../../domain/expression.ts';
import { limits } from '../../domain/limits.ts';
import { parseSyntax, startOf, type ExpressionMistake, type Syntax } from './expression-text.ts';
import { quote } from '../text/problem.ts';
import { closest } from '../text/suggest.ts';

/** A checked expression, or all that is wrong with it. */
export type CheckedExpression =
  | {
      readonly ok: true;
      readonly kind: ExpressionKind;
      readonly tree: ExpressionNode;
      /** Names of the inputs that occur in it. */
      readonly used: ReadonlySet<string>;
    }
  | { readonly ok: false; readonly mistakes: readonly ExpressionMistake[] };

/** Names that an input cannot have: they mean something else in an expression. */
export const reservedNames: readonly string[] = [
  ...Object.keys(expressionFunctions),
  'if',
  'true',
  'false',
  'null',
  'this',
  'and',
  'or',
  'not',
];

/** Reads an expression over inputs of these names; their order is that in which the tree counts them. */
export function checkExpression(text: string, inputs: readonly string[]): CheckedExpression {
  const syntax = parseSyntax(text);
  if (!('type' in syntax)) return { ok: false, mistakes: [syntax] };
  const checker = new Checker(text, inputs);
  const result = checker.check(syntax);
  if (result === null || checker.mistakes.length > 0)
    return { ok: false, mistakes: checker.mistakes };
  const kind = result.kind === 'boolean' ? 'boolean' : 'number';
  return { ok: true, kind, tree: result.node, used: checker.used };
}

/** An input may be a number or, as 1 and 0, true and false: its place decides. */
type Kind = ExpressionKind | 'input';

interface Typed {
  readonly kind: Kind;
  readonly node: ExpressionNode;
}

const functionNames = ['if', ...Object.keys(expressionFunctions)];
const operators = [...arithmeticOperators, ...comparisonOperators, ...logicOperators, '!', '? :'];

/** What people write who know other languages. */
const otherSpellings: Readonly<Record<string, string>> = {
  '===': '==',
  '!==': '!=',
  '&': '&&',
  '|': '||',
  '^': '**',
  and: '&&',
  or: '||',
  not: '!',
};

/** Types an expression from its leaves up; null stands for a part that has been reported. */
class Checker {
  readonly mistakes: ExpressionMistake[] = [];
  readonly used = new Set<string>();
  readonly #text: string;
  readonly #inputs: readonly string[];
  #nodes = 0;

  constructor(text: string, inputs: readonly string[]) {
    this.#text = text;
    this.#inputs = inputs;
  }

  check(node: Syntax): Typed | null {
    this.#nodes += 1;
    if (this.#nodes > limits.expressionNodesMax) return this.#refuseSize();
    switch (node.type) {
      case 'Literal':
        return this.#checkLiteral(node);
      case 'Identifier':
        return this.#checkName(node, node.name);
      case 'UnaryExpression':
        return this.#checkUnary(node);
      case 'BinaryExpression':
        return this.#checkBinary(node);
      case 'ConditionalExpression':
        return this.#checkChoice(node, [node.test, node.consequent, node.alternate]);
      case 'CallExpression':
        return this.#checkCall(node);
      case 'Compound':
        return this.#checkCompound(node);
      case 'SequenceExpression':
        return this.#refuse(node, 'found a list in parentheses', 'one calculation in each');
      case 'MemberExpression':
        return this.#refuse(node, 'found a part of a value', 'inputs by their names');
      case 'ArrayExpression':
        return this.#refuse(node, 'found a list', 'numbers, inputs and functions');
      case 'ThisExpression':
        return this.#refuse(node, 'found "this"', 'inputs by their names');
    }
  }

  #checkLiteral(node: Extract<Syntax, { type: 'Literal' }>): Typed | null {
    const { value, raw } = node;
    if (typeof value === 'boolean') return { kind: 'boolean', node: constant(value ? 1 : 0) };
    if (typeof value === 'number' && Number.isFinite(value))
      return { kind: 'number', node: constant(value) };
    const allowed =
      typeof value === 'string'
        ? 'numbers; a text state is judged by equals: of a rule'
        : 'numbers';
    return this.#refuse(node, `found ${quote(raw)}`, allowed);
  }

  #checkName(node: Syntax, name: string): Typed | null {
    const index = this.#inputs.indexOf(name);
    if (index >= 0) {
      this.used.add(name);
      return { kind: 'input', node: { kind: 'input', index } };
    }
    const isFunction = functionNames.includes(name);
    const allowed = isFunction
      ? `${name}(...)`
      : this.#inputs.length === 0
        ? 'a name from inputs:, which is empty'
        : this.#inputs.join(', ');
    const message = isFunction
      ? `${quote(name)} is a function`
      : `there is no input ${quote(name)}`;
    return this.#refuse(node, message, allowed, isFunction ? null : closest(name, this.#inputs));
  }

  #checkUnary(node: Extract<Syntax, { type: 'UnaryExpression' }>): Typed | null {
    const of = this.check(node.argument);
    if (node.operator === '-') {
      const number = this.#number(of, node.argument);
      return number === null ? null : { kind: 'number', node: { kind: 'negative', of: number } };
    }
    if (node.operator === '!') {
      const truth = this.#truth(of, node.argument);
      return truth === null ? null : { kind: 'boolean', node: { kind: 'not', of: truth } };
    }
    return this.#refuse(node, `found ${quote(node.operator)}`, '- and ! before a value');
  }

  #checkBinary(node: Extract<Syntax, { type: 'BinaryExpression' }>): Typed | null {
    const { operator } = node;
    const left = this.check(node.left);
    const right = this.check(node.right);
    if (!isOperator(operator)) {
      const known = otherSpellings[operator];
      const suggestion = known === undefined ? null : quote(known);
      return this.#refuse(node, `found ${quote(operator)}`, operators.join(' '), suggestion);
    }
    if (operator === '**' && this.#isNegated(node.left))
      return this.#refuse(node, 'a minus before **', 'parentheses: (-a) ** b or -(a ** b)');
    if (isOneOf(logicOperators, operator)) {
      const operands = [this.#truth(left, node.left), this.#truth(right, node.right)] as const;
      return join('boolean', operator, operands);
    }
    if (isOneOf(arithmeticOperators, operator)) {
      const operands = [this.#number(left, node.left), this.#number(right, node.right)] as const;
      return join('number', operator, operands);
    }
    const isEquality = operator === '==' || operator === '!=';
    if (isEquality && (left?.kind === 'boolean' || right?.kind === 'boolean')) {
      const operands = [this.#truth(left, node.left), this.#truth(right, node.right)] as const;
      return join('boolean', operator, operands);
    }
    if (left?.kind === 'boolean' && this.#isComparison(node.left))
      return this.#refuse(node, 'comparisons in a row', 'each by itself: a < b && b < c');
    const operands = [this.#number(left, node.left), this.#number(right, node.right)] as const;
    return join('boolean', operator, operands);
  }

  #checkChoice(node: Syntax, parts: readonly [test: Syntax, then: Syntax, otherwise: Syntax]) {
    const [test, yes, no] = parts;
    const condition = this.#truth(this.check(test), test);
    const then = this.check(yes);
    const otherwise = this.check(no);
    if (condition === null || then === null || otherwise === null) return null;
    if (then.kind === otherwise.kind)
      return choose(then.kind, condition, then.node, otherwise.node);
    if (then.kind === 'boolean' || otherwise.kind === 'boolean') {
      if (then.kind === 'number' || otherwise.kind === 'number')
        return this.#refuse(node, 'a number on one side, true or false on the other', 'one kind');
      const truths = [this.#truth(then, yes), this.#truth(otherwise, no)] as const;
      const [one, other] = truths;
      return one === null || other === null ? null : choose('boolean', condition, one, other);
    }
    return choose('number', condition, then.node, otherwise.node);
  }

  #checkCall(node: Extract<Syntax, { type: 'CallExpression' }>): Typed | null {
    const name = node.callee.type === 'Identifier' ? node.callee.name : null;
    const { arguments: given } = node;
    if (name === null || !functionNames.includes(name)) {
      const message = name === null ? 'found a call' : `there is no function ${quote(name)}`;
      const suggestion = name === null ? null : closest(name, functionNames);
      return this.#refuse(node, message, functionNames.join(', '), suggestion);
    }
    const stray = given.slice(1).find((part) => !this.#isAfterComma(startOf(part)));
    if (stray !== undefined) return this.#refuse(stray, 'a comma is missing', `${name}(a, b)`);
    if (name === 'if') {
      const [test, then, otherwise] = given;
      if (test !== undefined && then !== undefined && otherwise !== undefined && !given[3])
        return this.#checkChoice(node, [test, then, otherwise]);
      return this.#refuse(node, countOf(name, given.length), 'if(condition, then, otherwise)');
    }
    const numbers = given.map((part) => this.#number(this.check(part), part));
    // a key of the table, as was just found
    const known = name as ExpressionFunction;
    const [least, most] = expressionFunctions[known];
    if (given.length < least || given.length > most) {
      const allowed = least === most ? `${least}` : `${least} or more`;
      return this.#refuse(node, countOf(name, given.length), allowed);
    }
    const of = numbers.filter((part) => part !== null);
    return of.length < numbers.length
      ? null
      : { kind: 'number', node: { kind: 'call', name: known, of } };
  }

  #checkCompound(node: Extract<Syntax, { type: 'Compound' }>): null {
    const words = node.body.map((part) => (part.type === 'Identifier' ? part.name : ''));
    const [first, second] = node.body;
    if (first === undefined) return this.#refuse(node, 'found nothing', 'an expression');
    const place = words.findIndex((word) => Object.hasOwn(otherSpellings, word));
    const word = words[place] ?? '';
    const spelling = otherSpellings[word];
    const at = node.body[place] ?? second ?? first;
    const message = spelling === undefined ? 'an operator is missing' : `found ${quote(word)}`;
    const suggestion = spelling === undefined ? null : quote(spelling);
    return this.#refuse(at, message, operators.join(' '), suggestion);
  }

  #number(typed: Typed | null, part: Syntax): ExpressionNode | null {
    if (typed === null) return null;
    if (typed.kind !== 'boolean') return typed.node;
    return this.#refuse(part, 'true or false where a number is expected', 'if(condition, 1, 0)');
  }

  #truth(typed: Typed | null, part: Syntax): ExpressionNode | null {
    if (typed === null) return null;
    if (typed.kind === 'boolean') return typed.node;
    if (typed.kind === 'input') return { kind: 'truth', of: typed.node };
    return this.#refuse(part, 'a number where true or false is expected', 'a comparison: a > 0');
  }

  #isNegated(part: Syntax): boolean {
    return part.type === 'UnaryExpression' && part.operator === '-' && !this.#isInParentheses(part);
  }

  #isComparison(part: Syntax): boolean {
    return (
      part.type === 'BinaryExpression' &&
      isOneOf(comparisonOperators, part.operator) &&
      !this.#isInParentheses(part)
    );
  }

  #isInParentheses(part: Syntax): boolean {
    return this.#text[startOf(part)] === '(';
  }

  #isAfterComma(at: number): boolean {
    return this.#text.slice(0, at).trimEnd().endsWith(',');
  }

  #refuseSize(): null {
    const allowed = `at most ${limits.expressionNodesMax} numbers, names and operators`;
    if (this.#nodes === limits.expressionNodesMax + 1)
      this.mistakes.push({
        at: 0,
        message: 'the expression is too long',
        allowed,
        suggestion: null,
      });
    return null;
  }

  #refuse(part: Syntax, message: string, allowed: string, suggestion: string | null = null): null {
    this.mistakes.push({ at: startOf(part), message, allowed, suggestion });
    return null;
  }
}

function isOneOf<Word extends string>(words: readonly Word[], word: string): word is Word {
  return words.some((known) => known === word);
}

function isOperator(text: string): text is BinaryOperator {
  return (
    isOneOf(arithmeticOperators, text) ||
    isOneOf(comparisonOperators, text) ||
    isOneOf(logicOperators, text)
  );
}

function constant(value: number): ExpressionNode {
  return { kind: 'constant', value };
}

function join(
  kind: ExpressionKind,
  operator: BinaryOperator,
  [left, right]: readonly [ExpressionNode | null, ExpressionNode | null],
): Typed | null {
  if (left === null || right === null) return null;
  return { kind, node: { kind: 'binary', operator, left, right } };
}

function choose(
  kind: Kind,
  condition: ExpressionNode,
  then: ExpressionNode,
  otherwise: ExpressionNode,
): Typed {
  return { kind, node: { kind: 'choice', condition, then, otherwise } };
}

function countOf(name: string, count: number): string {
  return `${name}() with ${count} value${count === 1 ? '' : 's'}`;
}
