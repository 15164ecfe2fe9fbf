import { Temporal } from 'temporal-polyfill';
import { dayMinutes, weekdays, type FindScheduleState, type Schedule } from '../domain/schedule.ts';

// Loaded only where a schedule is configured: the polyfill is the only part of Limen that knows time zones.

/**
 * What a schedule is at a wall time, by the clock on the wall of its zone. It opens when that clock first shows `from`,
 * and closes when it shows `to` for the last time: of an hour that comes twice it has all, and a time that is left out
 * is passed when the clock jumps over it.
 */
export const findScheduleState: FindScheduleState = (schedule, wallMs) => {
  const zone = schedule.zone ?? Temporal.Now.timeZoneId();
  const today = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO(zone);
  let isOpen = false;
  let untilMs: number | null = null;
  for (let day = -daysBehind; day <= daysAhead; day += 1) {
    const stretch = stretchOf(schedule, zone, today.toPlainDate().add({ days: day }));
    if (stretch === null || stretch.toMs <= wallMs) continue;
    if (untilMs !== null && stretch.fromMs > untilMs) break;
    if (stretch.fromMs > wallMs && !isOpen) return { isOpen, untilMs: stretch.fromMs };
    isOpen = true;
    untilMs = Math.max(untilMs ?? stretch.toMs, stretch.toMs);
  }
  return { isOpen, untilMs: untilMs ?? wallMs + lookAgainMs };
};

// One for a stretch over midnight, one for a zone that has left out a whole day.
const daysBehind = 2;
// Twice round the week: a stretch may have vanished in a day that was left out.
const daysAhead = 14;
const lookAgainMs = 86_400_000;

function stretchOf(
  { fromMinute, toMinute, days }: Schedule,
  zone: string,
  date: Temporal.PlainDate,
): { readonly fromMs: number; readonly toMs: number } | null {
  const weekday = weekdays[date.dayOfWeek - 1];
  if (weekday === undefined || !days.includes(weekday)) return null;
  const end = toMinute < fromMinute ? toMinute + dayMinutes : toMinute;
  const fromMs = instantOf(date, fromMinute, zone, 'earlier');
  const toMs = instantOf(date, end, zone, 'later');
  return toMs > fromMs ? { fromMs, toMs } : null;
}

/** When the clock of a zone shows a time of day; of one that it leaves out: when it jumps over it. */
function instantOf(
  date: Temporal.PlainDate,
  minute: number,
  zone: string,
  which: 'earlier' | 'later',
): number {
  const local = date.toPlainDateTime().add({ minutes: minute });
  const zoned = local.toZonedDateTime(zone, { disambiguation: which });
  if (zoned.toPlainDateTime().equals(local)) return zoned.epochMilliseconds;
  // In a gap the earlier reading lies before the jump, by less than its length.
  const before = local.toZonedDateTime(zone, { disambiguation: 'earlier' });
  return before.getTimeZoneTransition('next')?.epochMilliseconds ?? zoned.epochMilliseconds;
}
