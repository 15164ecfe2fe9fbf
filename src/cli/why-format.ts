import type { ShownLimit } from '../domain/alert.ts';
import type { AppliedCalibration } from '../domain/calibration.ts';
import type { ComparedMember } from '../domain/engine.ts';
import type { Value } from '../domain/reading.ts';
import type { WhyReading, WhyRule } from '../domain/why.ts';
import { paint, type Terminal } from './terminal.ts';
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
      : ` (raw ${raw ?? formatValue(value, null)}${conversionText(reading, calibration)}, ${calibrationText(calibration)})`;
  const bytes =
    reading.payload ??
    (reading.payload_base64 === null ? null : `base64 ${reading.payload_base64}`);
  const source =
    topic === null || bytes === null ? '' : `, as ${printable(topic)}: ${printable(bytes)}`;
  return `${printable(`${device}/${metric}`)} ${formatValue(value, unit)}${before}, ${quality}${source}`;
}

// A number is calibrated in the unit of its point: between the two it may have been converted.
function conversionText({ value, raw, unit }: WhyReading, calibration: AppliedCalibration): string {
  if (typeof value !== 'number' || typeof raw !== 'number' || unit === null) return '';
  const { scale, offset } = calibration;
  const isPlain = Math.abs(raw * scale + offset - value) <= 1e-9 * Math.max(1, Math.abs(value));
  return isPlain ? '' : `, converted to ${unit}`;
}

function calibrationText({ from_at: fromAt, scale, offset }: AppliedCalibration): string {
  const sign = offset < 0 ? '−' : '+';
  const since = fromAt === null ? '' : ` since ${new Date(fromAt).toISOString().slice(0, 10)}`;
  return `× ${scale} ${sign} ${Math.abs(offset)}${since}`;
}

/** `120ms`, `4.5s`, `12m`, `1m 32s`, `3h 20m`. */
export function durationText(durationMs: number): string {
  if (durationMs > 0 && durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 60_000) return `${Number((durationMs / 1000).toFixed(1))}s`;
  const seconds = Math.floor(durationMs / 1000) % 60;
  const whole = formatDuration(Math.floor(durationMs / 60_000) * 60_000);
  return durationMs >= 3_600_000 || seconds === 0 ? whole : `${whole} ${seconds}s`;
}

/** A limit with its unit; both ends of a pair. */
export function limitText(limit: ShownLimit | null, unit: string | null): string {
  if (limit === null) return '–';
  const one = (value: Value): string => formatValue(value, unit);
  return typeof limit === 'object' ? `${one(limit[0])} … ${one(limit[1])}` : one(limit);
}

/** The rule as it is written in a config, under the time of that config. */
export function ruleLines(rule: WhyRule, isFirst: boolean, terminal: Terminal): string[] {
  const { seq, at, line, text } = rule;
  const from = `config of ${formatMoment(at)}, row ${seq}`;
  if (text === null || line === null) {
    return [paint(terminal, 'dim', `Rule      one of Limen's own (${from})`)];
  }
  const lines = text.split('\n');
  const width = String(line + lines.length - 1).length;
  return [
    paint(terminal, 'dim', `Rule      ${isFirst ? 'as it was then' : 'later on'} (${from})`),
    ...lines.map((each, index) => {
      const number = String(line + index).padStart(width);
      return `  ${paint(terminal, 'dim', `${number} |`)} ${printable(each)}`;
    }),
  ];
}

/** A member of a compound rule, indented by its depth. */
export function memberText(member: ComparedMember): string {
  const { depth, point, input, comparator, value, unit, limit, clear_limit: clear } = member;
  const indent = '  '.repeat(depth + 1);
  const verdict = member.verdict === null ? '' : `: ${member.verdict}`;
  const condition = comparator.replaceAll('_', ' ');
  if (input !== null)
    return `${indent}${printable(`${input} = ${point ?? ''}`)} ${formatValue(value, unit)}${verdict}`;
  if (point === null) {
    const count = value === null ? '' : ` ${String(value)} breached,`;
    return `${indent}${condition}:${count} needed ${limitText(limit, null)}${verdict}`;
  }
  const back = clear === null ? '' : `, clears at ${limitText(clear, unit)}`;
  const shown = value === null ? '–' : formatValue(value, unit);
  return `${indent}${printable(point)} ${shown}, ${condition} ${limitText(limit, unit)}${back}${verdict}`;
}
