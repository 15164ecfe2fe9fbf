/** Days of the week, Monday first as in ISO 8601. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** Minutes of a day; `24:00` is its end. */
export const dayMinutes = 1440;

/** A stretch of local time on some days of the week. */
export interface Schedule {
  /** Minute of the day at which it opens, 0 to 1439. */
  readonly fromMinute: number;
  /** Minute of the day at which it closes, 1 to 1440; less than `fromMinute`: on the next day. */
  readonly toMinute: number;
  /** The days on which it opens, in the order of the week; never empty. */
  readonly days: readonly Weekday[];
  /** Name of the IANA time zone database; null: that of the machine. */
  readonly zone: string | null;
}

/** A schedule as one text, `mon,tue 08:00-18:00 Europe/Berlin`: two schedules with the same text are the same. */
export function scheduleKey({ fromMinute, toMinute, days, zone }: Schedule): string {
  const stretch = `${minuteText(fromMinute)}-${minuteText(toMinute)}`;
  return `${days.join(',')} ${stretch}${zone === null ? '' : ` ${zone}`}`;
}

/** What a schedule is at a moment, and the moment until which that surely holds, in wall time. */
export interface ScheduleState {
  readonly isOpen: boolean;
  readonly untilMs: number;
}

/** Looks a schedule up at a wall time. */
export type FindScheduleState = (schedule: Schedule, wallMs: number) => ScheduleState;

function minuteText(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
