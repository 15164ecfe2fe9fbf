import type { AlertState, ShownLimit } from '../domain/alert.ts';
import { readable } from '../domain/readable.ts';
import type { Value } from '../domain/reading.ts';
import type { ComparatorKind, Severity } from '../domain/rule.ts';

/** What a message may speak of; the names of the first ten are the fields of a template. */
export interface MessageFacts {
  readonly device: string;
  readonly metric: string;
  readonly value: Value | null;
  readonly unit: string | null;
  readonly limit: ShownLimit | null;
  readonly severity: Severity;
  readonly rule: string;
  /** Wall time at which the occurrence began; null: none did. */
  readonly since: number | null;
  /** How long the occurrence has lasted. */
  readonly durationMs: number | null;
  readonly worst: Value | null;
  /** What is compared, or which of Limen's own alerts it is. */
  readonly subject: ComparatorKind | 'bad' | 'never_heard' | 'too_few' | 'event';
  /** It is not silent, but has sent nothing but bad values for some time. */
  readonly isBad: boolean;
  /** What is judged instead of the value, such as `mean over 10 min`; null: the value is. */
  readonly gauge: string | null;
  /** What a compound rule rests on: members with their values; null: it is none. */
  readonly members: string | null;
  /** `breached`: beyond the limit; `unknown`: no usable value; `back`: an alert is over; `clear`: nothing happened. */
  readonly situation: 'breached' | 'unknown' | 'back' | 'clear';
  /** Text that replaces the built-in sentence. */
  readonly note: string | null;
}

/** The message of an alert: the rule's template, or a readable sentence. A return tells the worst and the duration. */
export function composeMessage(template: string | null, exact: MessageFacts): string {
  const facts = readableFacts(exact);
  if (template === null) return defaultSentence(facts);
  const text = template.replaceAll(
    /\{(\w+)\}/g,
    (written, field: string) => fieldText(field, facts) ?? written,
  );
  const tellsReturn = template.includes('{worst}') && template.includes('{duration}');
  return facts.situation !== 'back' || tellsReturn ? text : `${text} (${returnText(facts)})`;
}

/** What is said when an alert ends because nothing is judged any more: it did not go back by itself. */
export function removalMessage(key: string, from: AlertState, message: string): string {
  const end = `${key} is not watched any more: its rule or point was removed from the config`;
  return from === 'normal' ? end : `${end}; it was ${from}: ${message}`;
}

function readableFacts(facts: MessageFacts): MessageFacts {
  const { value, worst, limit } = facts;
  const limits = [limit].flat().filter((each) => typeof each === 'number');
  const eased = (one: Value | null): Value | null =>
    typeof one === 'number' ? readable(one, limits) : one;
  return { ...facts, value: eased(value), worst: eased(worst) };
}

/** A length of time in its two largest units: `45 s`, `12 min`, `1 h 5 min`, `3 d 2 h`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  if (durationMs > 0 && seconds === 0) return `${durationMs} ms`;
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** A wall time as ISO 8601 in UTC, to the second. */
export function formatWallTime(wallMs: number): string {
  const seconds = Math.floor(wallMs / 1000);
  const days = Math.floor(seconds / 86_400);
  const ofDay = seconds - days * 86_400;
  // Days since 1970 to a civil date: years of 366 days' worth begin in March, eras have 400 years.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const time = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60]
    .map(twoDigits)
    .join(':');
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}T${time}Z`;
}

/** As `formatWallTime`, as a clock shows it that is so far ahead of UTC: `2026-11-23 07:12:24`. */
export function formatClockTime(wallMs: number, offsetMs: number): string {
  return formatWallTime(wallMs + offsetMs)
    .replace('T', ' ')
    .slice(0, -1);
}

function defaultSentence(facts: MessageFacts): string {
  if (facts.note !== null) return facts.note;
  const point = subjectText(facts);
  switch (facts.situation) {
    case 'breached':
      return breachSentence(point, facts);
    case 'unknown':
      if (facts.subject === 'stuck_for') return `it is not known whether ${point} is stuck`;
      if (facts.members !== null) return point;
      if (facts.gauge !== null) return `${point} is not known`;
      if (facts.value === null) return `${point} has no usable value`;
      return `${point} has no usable value, last ${withUnit(facts.value, facts.unit)}`;
    case 'back':
      return `${backSentence(point, facts)} (${returnText(facts)})`;
    case 'clear':
      return backSentence(point, facts);
  }
}

function subjectText({ device, metric, gauge, members }: MessageFacts): string {
  if (members !== null) return members;
  const point = `${device}/${metric}`;
  return gauge === null ? point : `${gauge} of ${point}`;
}

function breachSentence(point: string, facts: MessageFacts): string {
  const limit = withUnit(facts.limit, facts.unit);
  switch (facts.subject) {
    case 'above':
    case 'below':
    case 'outside':
    case 'inside':
      return `${point} is ${withUnit(facts.value, facts.unit)}, ${facts.subject} ${limit}`;
    case 'rate_above':
    case 'rate_below': {
      const side = facts.subject === 'rate_above' ? 'above' : 'below';
      return `${point} is ${withUnit(facts.value, facts.unit)}, ${side} ${limit}`;
    }
    case 'equals':
      return `${point} is ${withUnit(facts.value, facts.unit)}`;
    case 'changes_to':
      return `${point} has changed to ${limit}`;
    case 'silent_for':
      return facts.isBad
        ? `${point} has had no good value for ${secondsText(facts.value)}`
        : `${point} has not been heard for ${secondsText(facts.value)}`;
    case 'stuck_for':
      return `${point} has been stuck for ${secondsText(facts.value)}`;
    case 'bad':
      return `${point} has had only bad values for ${secondsText(facts.value)}`;
    case 'never_heard':
      return `${point} has never been heard`;
    case 'too_few':
      return `fewer points than expected have been heard as ${point}`;
    case 'event':
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return point;
  }
}

function backSentence(point: string, facts: MessageFacts): string {
  switch (facts.subject) {
    case 'above':
    case 'below':
    case 'outside':
    case 'inside':
    case 'equals':
    case 'changes_to':
    case 'rate_above':
    case 'rate_below':
      return `${point} is ${withUnit(facts.value, facts.unit)}`;
    case 'silent_for':
      return isWaiting(facts)
        ? `${point} was heard ${secondsText(facts.value)} ago`
        : `${point} is heard`;
    case 'never_heard':
    case 'too_few':
      return isWaiting(facts) ? `${point} may still be heard` : `${point} is heard`;
    case 'stuck_for':
      return `${point} is not stuck`;
    case 'bad':
      return isWaiting(facts)
        ? `${point} has had only bad values for ${secondsText(facts.value)}`
        : `${point} has good values`;
    case 'event':
    case 'all':
    case 'any':
    case 'at_least':
    case 'expression':
      return point;
  }
}

function returnText(facts: MessageFacts): string {
  const lasted = `lasted ${formatDuration(facts.durationMs ?? 0)}`;
  if (facts.subject === 'expression') return lasted;
  if (facts.members !== null)
    return `worst ${shown(facts.worst)} of ${shown(facts.limit)}, ${lasted}`;
  const worst = isTimed(facts) ? secondsText(facts.worst) : withUnit(facts.worst, facts.unit);
  return `worst ${worst}, ${lasted}`;
}

// It ended although what it waits for has not come: there is more time for that now.
function isWaiting({ value }: MessageFacts): boolean {
  return typeof value === 'number' && value > 0;
}

function isTimed(facts: MessageFacts): boolean {
  return (
    facts.unit === 's' &&
    ['silent_for', 'stuck_for', 'bad', 'never_heard', 'event'].includes(facts.subject)
  );
}

function fieldText(field: string, facts: MessageFacts): string | null {
  switch (field) {
    case 'device':
    case 'metric':
    case 'severity':
    case 'rule':
      return facts[field];
    case 'value':
    case 'worst':
    case 'limit':
      return shown(facts[field]);
    case 'unit':
      return facts.unit ?? '';
    case 'since':
      return facts.since === null ? '' : formatWallTime(facts.since);
    case 'duration':
      return formatDuration(facts.durationMs ?? 0);
    default:
      return null;
  }
}

function secondsText(seconds: Value | null): string {
  return typeof seconds === 'number' ? formatDuration(seconds * 1000) : 'unknown';
}

/** A value as people read it, with its unit if it is a number. */
export function withUnit(value: ShownLimit | null, unit: string | null): string {
  const bare = typeof value === 'string' || typeof value === 'boolean' || value === null;
  if (bare || unit === null) return shown(value);
  // The rate of a number without a unit.
  return unit.startsWith('1/') ? `${shown(value)}${unit.slice(1)}` : `${shown(value)} ${unit}`;
}

function shown(value: ShownLimit | null): string {
  if (value === null) return 'unknown';
  if (typeof value === 'object') return `${shown(value[0])} to ${shown(value[1])}`;
  return typeof value === 'number' ? String(tidy(value)) : String(value);
}

/** A number as people write it: 0.1 + 0.2 is 0.3. For the eye only, never compared with anything. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
