/** How a time of day is written; the JSON schema carries it. */
export const timeOfDayPattern = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** What somebody probably meant who wrote `8`, `8:00` or `6:30 pm`; null if that is not clear. */
export function suggestTimeOfDay(found: unknown): string | null {
  const match = /^(\d{1,2})(?:[:.](\d{2}))?(?::00)?\s*([ap]m)?$/.exec(String(found).toLowerCase());
  if (match === null) return null;
  const [, hours = '', minutes = '00', half] = match;
  const isTwelve = hours === '12';
  const past = half === 'pm' && !isTwelve ? 12 : half === 'am' && isTwelve ? -12 : 0;
  const text = `${String(Number(hours) + past).padStart(2, '0')}:${minutes}`;
  return timeOfDayPattern.test(text) ? text : null;
}
