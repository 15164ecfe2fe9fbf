/** Spellings people try, as a number of minutes or hours; a second is no unit of its own here. */
const otherSpellings = new Map<string, readonly [number, string]>([
  ...['m', 'mins', 'minute', 'minutes'].map((text) => [text, [1, 'min']] as const),
  ...['hr', 'hrs', 'hour', 'hours'].map((text) => [text, [1, 'h']] as const),
  ...['s', 'sec', 'second'].map((text) => [text, [60, 'min']] as const),
]);

/** What somebody probably meant who wrote `2 °C/minute`; null if that is not clear. */
export function suggestRate(found: unknown): string | null {
  if (typeof found !== 'string') return null;
  const [, start = '', time = ''] = /^(.*)\/\s*([a-z]+)\s*$/.exec(found) ?? [];
  const [times, unit] = otherSpellings.get(time) ?? [0, ''];
  const number = /^\s*[-+]?\d+(?:\.\d+)?/.exec(start)?.[0] ?? '';
  if (times === 0 || number === '') return null;
  return `${Number(number) * times}${start.slice(number.length)}/${unit}`;
}
