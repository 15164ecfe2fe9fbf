/** Times before this have an unset clock behind them: boards start in 1970 or 2000. */
const plausibleFromMs = Date.UTC(2001, 0, 1);

// A time without a zone is local to who knows what: it is not used.
const isoPattern =
  /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * A source time in ms since 1970: a number in s, ms, µs or ns (told apart by its magnitude), the same as text, or ISO
 * 8601 with a zone. null if it is none of these or was made by a clock that was never set.
 */
export function readSourceTime(value: unknown): number | null {
  const ms = parse(value);
  return ms !== null && Number.isFinite(ms) && ms >= plausibleFromMs ? Math.round(ms) : null;
}

function parse(value: unknown): number | null {
  if (typeof value === 'number') return fromMagnitude(value);
  if (typeof value !== 'string') return null;
  if (/^\d{9,19}(?:\.\d+)?$/.test(value)) return fromMagnitude(Number(value));
  return isoPattern.test(value) ? Date.parse(value.replace(' ', 'T')) : null;
}

function fromMagnitude(value: number): number {
  if (value < 1e11) return value * 1e3;
  if (value < 1e14) return value;
  if (value < 1e17) return value / 1e3;
  return value / 1e6;
}
