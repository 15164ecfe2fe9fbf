import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkExpression } from '../../../src/config/points/expression-check.ts';
import { compileExpression } from '../../../src/domain/evaluate-expression.ts';

const names = ['a', 'b', 'c'];

function compute(text: string, ...values: number[]): number {
  const checked = checkExpression(text, names);
  if (!checked.ok) throw new Error(`${text}: ${checked.mistakes[0]?.message ?? ''}`);
  return compileExpression(checked)(Float64Array.from(values));
}

function kindOf(text: string): string {
  const checked = checkExpression(text, names);
  return checked.ok ? checked.kind : (checked.mistakes[0]?.message ?? '');
}

describe('checkExpression()', () => {
  it.each([
    ['a + b * c', 7],
    ['(a + b) * c', 9],
    ['c - b - a', 0],
    ['2 ** 3 ** 2', 512],
    ['2 * c ** 2', 18],
    ['-a + b', 1],
    ['-(a + b)', -3],
    ['7 % 4 * 2', 6],
    ['a < b == c > b', 1],
    ['a > b || b < c && a < b', 1],
    ['(a > b || b < c) && a > b', 0],
    ['!a == (b > c)', 1],
    ['a > b ? 10 : b > a ? 20 : 30', 20],
    ['if(a > b, 10, 20)', 20],
    ['min(a, b, c) + max(c, b, a)', 4],
    ['clamp(c * 10, 0, 25)', 25],
    ['round(2.5) + floor(2.5) + ceil(2.5)', 8],
    ['abs(a - c) + sqrt(4) + log10(1000)', 7],
    ['exp(0) + ln(exp(2)) + pow(b, c)', 11],
    ['1.5e1 + .5', 15.5],
  ])('computes %s of a = 1, b = 2, c = 3 as %d', (text, result) => {
    expect(compute(text, 1, 2, 3)).toBeCloseTo(result, 12);
  });

  it('knows beforehand whether the result is a number or true and false', () => {
    expect(kindOf('a')).toBe('number');
    expect(kindOf('!a')).toBe('boolean');
    expect(kindOf('a > 3')).toBe('boolean');
    expect(kindOf('a && b')).toBe('boolean');
    expect(kindOf('a == true')).toBe('boolean');
    expect(kindOf('a ? b : 3')).toBe('number');
    expect(kindOf('a ? b : c > 3')).toBe('boolean');
  });

  it('takes an input in a boolean place for true if it is not 0', () => {
    expect(compute('a && b', 0.1, -1, 0)).toBe(1);
    expect(compute('a && b', 0, 1, 0)).toBe(0);
    expect(compute('a == true', 5, 0, 0)).toBe(1);
    expect(compute('a ? b : c > 3', 1, 7, 0)).toBe(1);
  });

  it.each([
    ['(a > 3) + 1', 0],
    ['1 + (a > 3)', 4],
    ['a && 3', 5],
    ['max(a, b > 3)', 7],
    ['a > 1 ? 2 : true', 0],
    ['a + bb', 4],
    ['a < b < c', 0],
    ['a + "b"', 4],
    ['a + b.c', 4],
    ['a = 3', 2],
    ['a && b && sin(c)', 10],
    ['min(a b)', 6],
    ['a b', 2],
    ['b + -a ** 2', 4],
  ])('places the mistake in %s', (text, at) => {
    const checked = checkExpression(text, names);
    expect(checked.ok ? [] : checked.mistakes.map((mistake) => mistake.at)).toEqual([at]);
  });

  it('tells all mistakes of a text at once', () => {
    const checked = checkExpression('aa + bb * sin(cc)', ['aaa', 'bbb']);
    expect(checked.ok ? [] : checked.mistakes.map(({ at }) => at)).toEqual([0, 5, 10]);
  });

  it('bounds an expression by its size, however it is nested', () => {
    const sum = (terms: number): string => Array(terms).fill('a').join('+');
    expect(kindOf(sum(100))).toBe('number');
    expect(kindOf(sum(101))).toBe('the expression is too long');
    expect(kindOf(`${'('.repeat(1_900)}a`)).toContain('nests too deeply');
    expect(kindOf(`${'!'.repeat(1_900)}a`)).toMatch(/too long|nests too deeply/);
  });

  it('never throws, whatever the text is', () => {
    const piece = fc.constantFrom(...'ab1. +-*/%<>=!&|?:(),;[]\'`"\\@#^~'.split(''), 'this', 'if(');
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (written) => {
        const checked = checkExpression(written, names);
        if (checked.ok) return;
        expect(checked.mistakes.length).toBeGreaterThan(0);
        for (const { at } of checked.mistakes) {
          expect(at).toBeGreaterThanOrEqual(0);
          expect(at).toBeLessThanOrEqual(written.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('computes every expression as a plain reading of its tree does', () => {
    const values = fc.tuple(number, number, number);
    fc.assert(
      fc.property(fc.oneof(numeric, logical), values, (sample, given) => {
        fc.pre(sample.text.length < 400);
        const expected = sample.of(given);
        const result = compute(sample.text, ...given.map((value) => value ?? NaN));
        expect(Number.isNaN(result) ? null : result).toBe(expected === null ? null : expected + 0);
      }),
      { numRuns: 3_000 },
    );
  });
});

// Numbers and truths grow into each other: one bound for both.
const depth = { maxDepth: 3, depthIdentifier: 'expression', withCrossShrink: true };

// A text beside what it means, worked out without NaN: null is unknown.
interface Sample {
  readonly text: string;
  of(values: readonly (number | null)[]): number | null;
}

const number = fc.option(
  fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, min: -1e200, max: 1e200 })),
  { nil: null, freq: 4 },
);

const { numeric, logical } = fc.letrec<{ numeric: Sample; logical: Sample }>((tie) => ({
  numeric: fc.oneof(
    depth,
    leaf(),
    pair(['+', '-', '*', '/', '%', '**'], tie('numeric'), arithmetic),
    fc
      .tuple(tie('logical'), tie('numeric'), tie('numeric'))
      .map(([condition, then, otherwise]): Sample => ({
        text: `(${condition.text} ? ${then.text} : ${otherwise.text})`,
        of: (values) => {
          const chosen = condition.of(values);
          return chosen === null ? null : (chosen === 1 ? then : otherwise).of(values);
        },
      })),
    tie('numeric').map((one): Sample => ({
      text: `sqrt(${one.text})`,
      of: (values) => {
        const value = one.of(values);
        return value === null || value < 0 ? null : Math.sqrt(value);
      },
    })),
  ),
  logical: fc.oneof(
    depth,
    pair(['<', '<=', '>', '>=', '==', '!='], tie('numeric'), compared),
    pair(['&&', '||'], tie('logical'), kleene),
    tie('logical').map((one): Sample => ({
      text: `!${one.text}`,
      of: (values) => {
        const value = one.of(values);
        return value === null ? null : value === 1 ? 0 : 1;
      },
    })),
  ),
}));

function leaf(): fc.Arbitrary<Sample> {
  const input = fc.constantFrom(0, 1, 2).map((index): Sample => ({
    text: names[index] ?? '',
    of: (values) => values[index] ?? null,
  }));
  const constant = fc.integer({ min: 0, max: 9 }).map((value): Sample => ({
    text: String(value),
    of: () => value,
  }));
  return fc.oneof(input, constant);
}

type Combine = (operator: string, a: number | null, b: number | null) => number | null;

function pair(
  operators: readonly string[],
  part: fc.Arbitrary<Sample>,
  combine: Combine,
): fc.Arbitrary<Sample> {
  return fc
    .tuple(fc.constantFrom(...operators), part, part)
    .map(([operator, left, right]): Sample => ({
      text: `(${left.text} ${operator} ${right.text})`,
      of: (values) => combine(operator, left.of(values), right.of(values)),
    }));
}

function arithmetic(operator: string, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return null;
  const results = new Map([
    ['+', a + b],
    ['-', a - b],
    ['*', a * b],
    ['/', a / b],
    ['%', a % b],
    ['**', a ** b],
  ]);
  const result = results.get(operator) ?? NaN;
  return Number.isFinite(result) ? result : null;
}

function compared(operator: string, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return null;
  const order = a < b ? '<' : a > b ? '>' : '=';
  const holds = operator === '!=' ? order !== '=' : operator.includes(order);
  return holds ? 1 : 0;
}

function kleene(operator: string, a: number | null, b: number | null): number | null {
  const decisive = operator === '&&' ? 0 : 1;
  if (a === decisive || b === decisive) return decisive;
  return a === null || b === null ? null : 1 - decisive;
}
