import { LimenError } from '../domain/error.ts';
import { formatTime } from './text.ts';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** No later time has a date (ECMAScript). */
const dateMsMax = 8.64e15;

/** A time on the command line: ISO 8601 (local unless it has a zone), milliseconds since 1970, or `30m` for so long ago. */
export function parseTimeArgument(option: string, text: string, nowMs: number): number {
  const ms = Number(text);
  if (/^-?\d+$/.test(text) && Math.abs(ms) <= dateMsMax) return ms;
  const ago = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (ago !== null) return Math.round(nowMs - Number(ago[1]) * (unitsMs[ago[2] ?? ''] ?? 0));
  const iso =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
      text,
    );
  if (iso !== null) {
    // A date alone is read as UTC by JavaScript; a person means the day at this place.
    const at = Date.parse(`${iso[1]}T${iso[2] ?? '00:00'}${iso[3] ?? ''}`);
    if (!Number.isNaN(at) && isDay(`${iso[1]}`)) return at;
  }
  throw new LimenError(
    'invalid',
    `${option}: "${text}" is not a time; write 2026-11-23T07:00, 1763900000000 (ms since 1970) or 30m, 2h, 7d (ago)`,
  );
}

/**
 * One moment on the command line: as `parseTimeArgument`, and `03:10`, the last time that the clock of this machine showed
 * it, and `10m ago`. A local time that came twice, or never, as clocks were changed is refused with what to write instead.
 */
export function parseMomentArgument(option: string, text: string, nowMs: number): number {
  const trimmed = text.trim();
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(trimmed);
  if (clock !== null) return lastTimeOf(option, trimmed, nowMs);
  const local = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$/.exec(trimmed);
  if (local !== null) return localTime(option, `${local[1]}`, `${local[2]}`);
  return parseTimeArgument(option, trimmed.replace(/ ago$/, ''), nowMs);
}

const hourMs = 3_600_000;

function lastTimeOf(option: string, text: string, nowMs: number): number {
  const clock = text.padStart(text.length + (text.indexOf(':') === 1 ? 1 : 0), '0');
  const today = localTime(option, formatTime(nowMs).slice(0, 10), clock);
  if (today <= nowMs) return today;
  // Noon of the day before: a day may be 23 hours long.
  const noon = localTime(option, formatTime(nowMs).slice(0, 10), '12:00');
  return localTime(option, formatTime(noon - 24 * hourMs).slice(0, 10), clock);
}

/** A local time as wall time, if there is exactly one of that name. */
function localTime(option: string, day: string, clock: string): number {
  const found = isDay(day) ? Date.parse(`${day}T${clock}`) : NaN;
  const written = `${day} ${clock.length === 5 ? `${clock}:00` : clock.slice(0, 8)}`;
  if (Number.isNaN(found)) {
    throw new LimenError('invalid', `${option}: "${day} ${clock}" is not a time`);
  }
  const twins = [-2, -1, -0.5, 0, 0.5, 1, 2]
    .map((hours) => found + hours * hourMs)
    .filter((at) => formatTime(at) === written);
  const [first, second] = twins;
  if (first === undefined) {
    throw new LimenError(
      'invalid',
      `${option}: there was no ${written}: the clocks were put forward over it; write another time, or one with its zone`,
    );
  }
  if (second === undefined) return first;
  throw new LimenError(
    'invalid',
    `${option}: ${written} came twice, as the clocks were put back; write ${zoned(first)} or ${zoned(second)}`,
  );
}

/** Whether there is such a day: JavaScript takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

function zoned(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const two = (count: number): string => String(Math.floor(Math.abs(count))).padStart(2, '0');
  const zone = `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
  return `${formatTime(at).replace(' ', 'T')}${zone}`;
}
