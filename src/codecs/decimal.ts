/** Largest count of digits whose integer is exact in a double. */
const exactDigitsMax = 15;
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

const zero = 48;
const nine = 57;
const point = 46;
const plus = 43;
const minus = 45;

/**
 * The number that bytes spell in plain decimal notation (`-18.25`), NaN if they spell anything else. Exact: up to 15
 * digits, mantissa and power of ten are both exact doubles, so their quotient is correctly rounded (Clinger 1990).
 * Longer numbers and exponents are for the caller to parse as text.
 */
export function decodeDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let negative = false;
  const first = bytes[at];
  if (first === minus || first === plus) {
    negative = first === minus;
    at++;
  }
  let mantissa = 0;
  let digits = 0;
  let fraction = -1;
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= zero && byte <= nine) {
      mantissa = mantissa * 10 + (byte - zero);
      if (++digits > exactDigitsMax) return NaN;
      if (fraction >= 0) fraction++;
    } else if (byte === point && fraction < 0) {
      fraction = 0;
    } else {
      return NaN;
    }
  }
  if (digits === 0) return NaN;
  const value = fraction > 0 ? mantissa / (powersOfTen[fraction] ?? NaN) : mantissa;
  return negative ? -value : value;
}
