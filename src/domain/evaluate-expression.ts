import type {
  BinaryOperator,
  Expression,
  ExpressionFunction,
  ExpressionNode,
} from './expression.ts';

/** Computes an expression: `values` in the order of its inputs, NaN for one that is unknown. */
export type Evaluate = (values: Float64Array) => number;

/**
 * Compiles an expression to closures that allocate nothing. The result is finite, or NaN where it is unknown: an
 * unknown operand, a division by zero and what is no finite number (`sqrt(-1)`) make it so. Booleans follow Kleene:
 * `false && unknown` is false, `true || unknown` is true.
 */
export function compileExpression({ tree }: Pick<Expression, 'tree'>): Evaluate {
  const evaluate = compile(tree);
  // There is one zero: -0 would be shown as such.
  return (values) => evaluate(values) + 0;
}

function compile(node: ExpressionNode): Evaluate {
  switch (node.kind) {
    case 'constant': {
      const { value } = node;
      return () => value;
    }
    case 'input': {
      const { index } = node;
      return (values) => finite(values[index] ?? NaN);
    }
    case 'truth': {
      const of = compile(node.of);
      return (values) => {
        const value = of(values);
        return value === 0 ? 0 : value === value ? 1 : NaN;
      };
    }
    case 'negative': {
      const of = compile(node.of);
      return (values) => -of(values);
    }
    case 'not': {
      const of = compile(node.of);
      return (values) => 1 - of(values);
    }
    case 'binary':
      return compileBinary(node.operator, compile(node.left), compile(node.right));
    case 'choice': {
      const condition = compile(node.condition);
      const then = compile(node.then);
      const otherwise = compile(node.otherwise);
      return (values) => {
        const chosen = condition(values);
        return chosen === 1 ? then(values) : chosen === 0 ? otherwise(values) : NaN;
      };
    }
    case 'call':
      return compileCall(node.name, node.of.map(compile));
  }
}

/** A number that is none becomes unknown: infinity minus itself is not a number. */
function finite(value: number): number {
  return value - value === 0 ? value : NaN;
}

function compileBinary(operator: BinaryOperator, left: Evaluate, right: Evaluate): Evaluate {
  switch (operator) {
    case '+':
      return (values) => finite(left(values) + right(values));
    case '-':
      return (values) => finite(left(values) - right(values));
    case '*':
      return (values) => finite(left(values) * right(values));
    case '/':
      return (values) => finite(left(values) / right(values));
    case '%':
      return (values) => finite(left(values) % right(values));
    case '**':
      return (values) => power(left(values), right(values));
    case '<':
      return (values) => {
        const a = left(values);
        const b = right(values);
        return a < b ? 1 : a >= b ? 0 : NaN;
      };
    case '<=':
      return (values) => {
        const a = left(values);
        const b = right(values);
        return a <= b ? 1 : a > b ? 0 : NaN;
      };
    case '>':
      return (values) => {
        const a = left(values);
        const b = right(values);
        return a > b ? 1 : a <= b ? 0 : NaN;
      };
    case '>=':
      return (values) => {
        const a = left(values);
        const b = right(values);
        return a >= b ? 1 : a < b ? 0 : NaN;
      };
    case '==':
      return (values) => {
        const a = left(values);
        const b = right(values);
        return a === b ? 1 : a === a && b === b ? 0 : NaN;
      };
    case '!=':
      return (values) => {
        const a = left(values);
        const b = right(values);
        return a === b ? 0 : a === a && b === b ? 1 : NaN;
      };
    case '&&':
      return (values) => {
        const a = left(values);
        if (a === 0) return 0;
        const b = right(values);
        return b === 0 ? 0 : a * b;
      };
    case '||':
      return (values) => {
        const a = left(values);
        if (a === 1) return 1;
        const b = right(values);
        return b === 1 ? 1 : a + b;
      };
  }
}

// JavaScript knows what an unknown number to the power of 0 is; we do not.
function power(base: number, exponent: number): number {
  return base === base ? finite(base ** exponent) : NaN;
}

function compileCall(name: ExpressionFunction, of: readonly Evaluate[]): Evaluate {
  const [first = unknown, second = unknown, third = unknown] = of;
  switch (name) {
    case 'abs':
      return (values) => Math.abs(first(values));
    case 'ceil':
      return (values) => Math.ceil(first(values));
    case 'exp':
      return (values) => finite(Math.exp(first(values)));
    case 'floor':
      return (values) => Math.floor(first(values));
    case 'ln':
      return (values) => finite(Math.log(first(values)));
    case 'log10':
      return (values) => finite(Math.log10(first(values)));
    case 'round':
      return (values) => Math.round(first(values));
    case 'sqrt':
      return (values) => Math.sqrt(first(values));
    case 'pow':
      return (values) => power(first(values), second(values));
    case 'min':
      return of.reduce((one, other) => (values) => Math.min(one(values), other(values)));
    case 'max':
      return of.reduce((one, other) => (values) => Math.max(one(values), other(values)));
    case 'clamp':
      return (values) => {
        const low = second(values);
        const high = third(values);
        return low <= high ? Math.min(Math.max(first(values), low), high) : NaN;
      };
  }
}

const unknown: Evaluate = () => NaN;
