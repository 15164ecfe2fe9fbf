import { readable } from '../domain/readable.ts';
import type { Value } from '../domain/reading.ts';
import { severities, type Severity } from '../domain/rule.ts';
import { formatLocalTime } from '../host/local-time.ts';
import type { Color } from './terminal.ts';

/** The colour of each severity. */
export const severityColors: Readonly<Record<Severity, Color>> = {
  info: 'cyan',
  warning: 'yellow',
  critical: 'red',
};

/** A severity that came as JSON; null if it is none. */
export function parseSeverity(value: unknown): Severity | null {
  return severities.find((severity) => severity === value) ?? null;
}

/**
 * Text from outside, fit for a terminal: a device name with an escape code in it must not paint the screen or forge a
 * line.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text of several lines from outside, fit for a terminal. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** As `formatValue`, with no more digits than people need. */
export function formatReadable(value: Value | null, unit: string | null): string {
  return formatValue(typeof value === 'number' ? readable(value) : value, unit);
}

/** A value with its unit, `–` where there is none. */
export function formatValue(value: Value | null, unit: string | null): string {
  if (value === null) return '–';
  const text = printable(String(value));
  if (unit === null || unit === '' || typeof value !== 'number') return text;
  // The rate of a number without a unit.
  return unit.startsWith('1/')
    ? `${text}${printable(unit.slice(1))}`
    : `${text} ${printable(unit)}`;
}

/** `2026-11-23 07:12:24` in local time, `–` where there is none. */
export function formatTime(atMs: number | null): string {
  return atMs === null ? '–' : formatLocalTime(atMs);
}

/** `07:12:24` in local time. */
export function formatClock(atMs: number): string {
  return formatLocalTime(atMs).slice(-8);
}

/** `45s`, `12m`, `3h 20m`, `5d 2h`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`;
  return hours % 24 === 0 ? `${hours / 24}d` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `1 rule`, `2 rules`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A heading and its rows as lines, columns aligned and two blanks apart. */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [heading, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** JSON for people and programs alike. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
