import type { WallMs } from '../../domain/time.ts';

/** How a day or a moment is written: `2026-03-01`, `2026-03-01T08:00:00Z`, `2026-03-01T09:00+01:00`. */
export const datePattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?(?:Z|([+-])(\d{2}):(\d{2})))?$/;

/**
 * The moment that a text means, a day being its midnight in UTC: so a config means the same on every machine, and in its
 * tests. null: there is no such day or time.
 */
export function parseDate(text: string): WallMs | null {
  const match = datePattern.exec(text);
  if (match === null) return null;
  const part = (group: number): number => Number(match[group] ?? 0);
  const [month, day, hour, minute, second] = [part(2), part(3), part(4), part(5), part(6)];
  const utcMs = Date.UTC(part(1), month - 1, day, hour, minute, second);
  const isDay = new Date(Date.UTC(part(1), month - 1, day)).getUTCDate() === day;
  if (!isDay || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  const zoneMs = (part(8) * 60 + part(9)) * 60_000;
  return (match[7] === '-' ? utcMs + zoneMs : utcMs - zoneMs) as WallMs;
}

/** A moment as the config may write it. */
export function dateText(atMs: WallMs): string {
  return new Date(atMs)
    .toISOString()
    .replace(/(?:T00:00:00)?\.000Z$/, (end) => (end.startsWith('T') ? '' : 'Z'));
}
