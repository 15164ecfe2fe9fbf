/** What the result of an expression is: a quantity, or true and false (1 and 0). */
export type ExpressionKind = 'number' | 'boolean';

/** One number that an expression is given. */
export interface ExpressionInput {
  /** The name by which the expression calls it. */
  readonly name: string;
  readonly device: string;
  readonly metric: string;
  /** The unit of the number in the expression; null: the point's number as it is. */
  readonly unit: string | null;
}

/** A calculation over readings as the config has it. Plain JSON: it travels between threads and into the journal. */
export interface Expression {
  /** As it is written. */
  readonly text: string;
  readonly kind: ExpressionKind;
  readonly tree: ExpressionNode;
  /** In the order in which the tree counts them. */
  readonly inputs: readonly ExpressionInput[];
}

/** Operators that make a number of two. */
export const arithmeticOperators = ['+', '-', '*', '/', '%', '**'] as const;
/** Operators that compare two numbers. */
export const comparisonOperators = ['<', '<=', '>', '>=', '==', '!='] as const;
/** Operators of Kleene's logic. */
export const logicOperators = ['&&', '||'] as const;

/** Any operator between two operands. */
export type BinaryOperator =
  | (typeof arithmeticOperators)[number]
  | (typeof comparisonOperators)[number]
  | (typeof logicOperators)[number];

/** Functions by name, with how many numbers they take. */
export const expressionFunctions = {
  abs: [1, 1],
  ceil: [1, 1],
  clamp: [3, 3],
  exp: [1, 1],
  floor: [1, 1],
  ln: [1, 1],
  log10: [1, 1],
  max: [2, Infinity],
  min: [2, Infinity],
  pow: [2, 2],
  round: [1, 1],
  sqrt: [1, 1],
} as const satisfies Readonly<Record<string, readonly [least: number, most: number]>>;
export type ExpressionFunction = keyof typeof expressionFunctions;

/**
 * A checked expression: every operand is of the kind its place asks for. Numbers are doubles, NaN where unknown;
 * booleans are 1, 0 and NaN.
 */
export type ExpressionNode =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'input'; readonly index: number }
  /** A number where a boolean stands: true if it is not 0. */
  | { readonly kind: 'truth'; readonly of: ExpressionNode }
  | { readonly kind: 'negative'; readonly of: ExpressionNode }
  | { readonly kind: 'not'; readonly of: ExpressionNode }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | {
      readonly kind: 'choice';
      readonly condition: ExpressionNode;
      readonly then: ExpressionNode;
      readonly otherwise: ExpressionNode;
    }
  | {
      readonly kind: 'call';
      readonly name: ExpressionFunction;
      readonly of: readonly ExpressionNode[];
    };
