import { expect, test } from 'vitest';
import { compileExpression } from '../../src/domain/evaluate-expression.ts';
import type { BinaryOperator, ExpressionNode } from '../../src/domain/expression.ts';

const truths = [1, 0, NaN];
const a: ExpressionNode = { kind: 'input', index: 0 };
const b: ExpressionNode = { kind: 'input', index: 1 };

function evaluate(tree: ExpressionNode, ...values: number[]): number {
  return compileExpression({ tree })(Float64Array.from(values));
}

function join(operator: BinaryOperator): ExpressionNode {
  return { kind: 'binary', operator, left: a, right: b };
}

function table(operator: BinaryOperator): number[] {
  return truths.flatMap((left) => truths.map((right) => evaluate(join(operator), left, right)));
}

test('&& and || follow the truth tables of Kleene, true before false before unknown', () => {
  expect(table('&&')).toEqual([1, 0, NaN, 0, 0, 0, NaN, 0, NaN]);
  expect(table('||')).toEqual([1, 1, 1, 1, 0, NaN, 1, NaN, NaN]);
});

test('! of unknown is unknown', () => {
  expect(truths.map((truth) => evaluate({ kind: 'not', of: a }, truth))).toEqual([0, 1, NaN]);
});

test('a comparison with an unknown number is unknown, != too', () => {
  for (const operator of ['<', '<=', '>', '>=', '==', '!='] as const) {
    expect(evaluate(join(operator), 1, NaN)).toBeNaN();
    expect(evaluate(join(operator), NaN, 1)).toBeNaN();
    expect(evaluate(join(operator), NaN, NaN)).toBeNaN();
  }
});

test('a choice by an unknown condition is unknown, and only the chosen branch counts', () => {
  const choice: ExpressionNode = {
    kind: 'choice',
    condition: a,
    then: b,
    otherwise: { kind: 'constant', value: 7 },
  };
  expect(evaluate(choice, 1, 3)).toBe(3);
  expect(evaluate(choice, 0, NaN)).toBe(7);
  expect(evaluate(choice, NaN, 3)).toBeNaN();
});

test('what is no finite number is unknown', () => {
  expect(evaluate(join('/'), 1, 0)).toBeNaN();
  expect(evaluate(join('%'), 1, 0)).toBeNaN();
  expect(evaluate(join('*'), 1e300, 1e300)).toBeNaN();
  expect(evaluate(join('**'), NaN, 0)).toBeNaN();
  expect(evaluate({ kind: 'call', name: 'sqrt', of: [a] }, -1)).toBeNaN();
  expect(evaluate({ kind: 'call', name: 'ln', of: [a] }, 0)).toBeNaN();
  expect(evaluate({ kind: 'call', name: 'exp', of: [a] }, 1000)).toBeNaN();
  expect(evaluate(a, Infinity)).toBeNaN();
});

test('zero has no sign, so that no reading shows as -0', () => {
  expect(evaluate({ kind: 'negative', of: a }, 0)).toBe(0);
  expect(evaluate({ kind: 'call', name: 'round', of: [a] }, -0.2)).toBe(0);
});

test('clamp() with its limits the wrong way round is unknown', () => {
  const clamp: ExpressionNode = {
    kind: 'call',
    name: 'clamp',
    of: [a, b, { kind: 'constant', value: 10 }],
  };
  expect(evaluate(clamp, 12, 0)).toBe(10);
  expect(evaluate(clamp, -3, 0)).toBe(0);
  expect(evaluate(clamp, 5, 11)).toBeNaN();
});
