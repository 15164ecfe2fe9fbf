const isoPattern =
  /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;
const datePattern = /^\d{4}-\d{2}-\d{2}/;

/**
 * A source time in ms since 1970: a number in s, ms, µs or ns (told apart by its magnitude), the same as text, or ISO
 * 8601 with a zone. null if it is none of these; NaN for a date that cannot be used. Whether it can be right is for the
 * caller to judge: the time of a clock that was never set lies in 1970.
 */
export function readSourceTime(value: unknown): number | null {
  const ms = parse(value);
  return ms === null ? null : Math.round(ms);
}

function parse(value: unknown): number | null {
  if (typeof value === 'number') return fromMagnitude(value);
  if (typeof value !== 'string') return null;
  if (/^\d{9,19}(?:\.\d+)?$/.test(value)) return fromMagnitude(Number(value));
  if (isoPattern.test(value)) return Date.parse(value.replace(' ', 'T'));
  // A time without a zone is local to who knows what.
  return datePattern.test(value) ? NaN : null;
}

function fromMagnitude(value: number): number {
  if (value < 1e11) return value * 1e3;
  if (value < 1e14) return value;
  if (value < 1e17) return value / 1e3;
  return value / 1e6;
}
