import type { WhyReading } from '../domain/why.ts';
import { formatDuration, formatTime, formatValue, printable } from './text.ts';

/** The clock with milliseconds, in local time; the date too. */
export function formatMoment(atMs: number): string {
  const rest = ((atMs % 1000) + 1000) % 1000;
  return `${formatTime(atMs)}.${String(rest).padStart(3, '0')}`;
}

/** The clock with milliseconds; the date only where it is another day than that of `startMs`. */
export function formatMomentSince(startMs: number, atMs: number): string {
  const isSameDay = formatTime(startMs).slice(0, 10) === formatTime(atMs).slice(0, 10);
  return isSameDay ? formatMoment(atMs).slice(11) : formatMoment(atMs);
}

/** A reading in one line, its bytes where they were kept. */
export function readingText(reading: WhyReading): string {
  const { device, metric, value, raw, unit, quality, topic } = reading;
  const before = raw === null ? '' : ` (before conversion ${raw})`;
  const bytes =
    reading.payload ??
    (reading.payload_base64 === null ? null : `base64 ${reading.payload_base64}`);
  const source =
    topic === null || bytes === null ? '' : `, as ${printable(topic)}: ${printable(bytes)}`;
  return `${printable(`${device}/${metric}`)} ${formatValue(value, unit)}${before}, ${quality}${source}`;
}

/** `120ms`, `4.5s`, `12m`. */
export function durationText(durationMs: number): string {
  if (durationMs > 0 && durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 60_000) return `${Number((durationMs / 1000).toFixed(1))}s`;
  return formatDuration(durationMs);
}
