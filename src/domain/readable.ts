const digits = 6;

/**
 * A number for people: six digits are enough of a mean or a slope, and whole numbers stay whole. It stays on its side of
 * each limit, so that nobody is told that 5 is above 5. Never compared with anything.
 */
export function readable(value: number, limits: readonly number[] = []): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  const exact = Number(value.toPrecision(12));
  const whole = Math.floor(Math.log10(Math.abs(value))) + 1;
  const short = Number(value.toPrecision(Math.min(12, Math.max(digits, whole))));
  const keepsSides = limits.every((limit) => Math.sign(short - limit) === Math.sign(exact - limit));
  return keepsSides ? short : exact;
}
