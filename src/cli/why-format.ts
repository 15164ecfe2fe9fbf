import type { AppliedCalibration } from '../domain/calibration.ts';
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
  const { device, metric, value, raw, unit, quality, topic, calibration } = reading;
  const before =
    calibration === null
      ? raw === null
        ? ''
        : ` (before conversion ${raw})`
      : ` (raw ${raw ?? formatValue(value, null)}, ${calibrationText(calibration)})`;
  const bytes =
    reading.payload ??
    (reading.payload_base64 === null ? null : `base64 ${reading.payload_base64}`);
  const source =
    topic === null || bytes === null ? '' : `, as ${printable(topic)}: ${printable(bytes)}`;
  return `${printable(`${device}/${metric}`)} ${formatValue(value, unit)}${before}, ${quality}${source}`;
}

function calibrationText({ from_at: fromAt, scale, offset }: AppliedCalibration): string {
  const sign = offset < 0 ? '−' : '+';
  const since = fromAt === null ? '' : ` since ${new Date(fromAt).toISOString().slice(0, 10)}`;
  return `× ${scale} ${sign} ${Math.abs(offset)}${since}`;
}

/** `120ms`, `4.5s`, `12m`. */
export function durationText(durationMs: number): string {
  if (durationMs > 0 && durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 60_000) return `${Number((durationMs / 1000).toFixed(1))}s`;
  return formatDuration(durationMs);
}
