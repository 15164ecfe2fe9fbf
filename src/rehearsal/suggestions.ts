import { alertKey, type AlertKey } from '../domain/alert.ts';
import type { BacktestLine, Suggestion } from '../domain/backtest.ts';
import type { Rule } from '../domain/rule.ts';
import type { DurationMs } from '../domain/time.ts';
import { convert } from '../domain/units.ts';
import type { PointNoise } from './point-noise.ts';
import type { RaisedSpans } from './raised-spans.ts';

/** What suggestions are made of. */
export interface Findings {
  readonly rules: readonly Rule[];
  readonly lines: readonly BacktestLine[];
  readonly spans: ReadonlyMap<string, RaisedSpans>;
  noiseOf(key: AlertKey): PointNoise | null;
  unitOf(key: AlertKey): string | null;
}

/** A deadband of so many usual differences between two readings lets noise alone clear nothing. */
const noiseFactor = 3;
/** Fewer alerts prove nothing. */
const alertsMin = 3;
const shortMsMax = 10 * 60_000;
/** Delays that people write. */
const delaysMs = [5, 10, 15, 30, 60, 120, 300, 600, 900].map((seconds) => seconds * 1000);
const judgedByValue: ReadonlySet<string> = new Set(['above', 'below', 'outside', 'inside']);

/** What would spare people alerts, by what the history shows. */
export function suggest(findings: Findings): Suggestion[] {
  return findings.rules.flatMap((rule) => {
    const lines = findings.lines.filter((line) => line.rule === rule.name);
    return [suggestDeadband(rule, lines, findings), suggestOnDelay(rule, lines, findings)].filter(
      (one) => one !== null,
    );
  });
}

// One deadband for the rule: that of the noisiest of the points that chatter.
function suggestDeadband(
  rule: Rule,
  lines: readonly BacktestLine[],
  { noiseOf, unitOf }: Findings,
): Suggestion | null {
  const isByValue = rule.levels.every(({ comparator }) => judgedByValue.has(comparator.kind));
  if (rule.window !== null || !isByValue) return null;
  let best: { readonly needed: number; readonly line: BacktestLine } | null = null;
  for (const line of lines) {
    if (line.after.chatter === 0) continue;
    const needed = roundUp(noiseFactor * (noiseOf(line)?.step ?? 0));
    if (needed > presentDeadband(rule, unitOf(line)) && needed > (best?.needed ?? 0))
      best = { needed, line };
  }
  if (best === null) return null;
  const { needed, line } = best;
  const unit = unitOf(line);
  const chatter = lines.reduce((sum, { after }) => sum + after.chatter, 0);
  return {
    rule: rule.name,
    key: 'deadband',
    value: unit === null ? `${needed}` : `${needed} ${unit}`,
    because:
      `${chatter} alerts came right after the one before, and from one reading to the next ` +
      `${line.device}/${line.metric} moves by about ${roundUp(needed / noiseFactor)}`,
  };
}

function presentDeadband({ levels }: Rule, unit: string | null): number {
  const bands = levels.map(({ deadband }) => {
    if (deadband.unit === null || unit === null) return deadband.value;
    // A difference: what the zeros of two scales lie apart is not part of it.
    const zero = convert(0, deadband.unit, unit);
    const shifted = convert(deadband.value, deadband.unit, unit);
    return zero === null || shifted === null ? 0 : Math.abs(shifted - zero);
  });
  return Math.min(...bands);
}

function suggestOnDelay(
  rule: Rule,
  lines: readonly BacktestLine[],
  { spans }: Findings,
): Suggestion | null {
  if (rule.levels.some(({ comparator }) => comparator.kind === 'silent_for')) return null;
  const lastedMs = lines.flatMap((line) => {
    const one = spans.get(alertKey(line));
    const all = Array.from({ length: one?.length ?? 0 }, (_, at) => at);
    const ended = all.map((at) => (one?.end(at) ?? NaN) - (one?.start(at) ?? NaN));
    return ended.filter(Number.isFinite).map((ms) => ms - rule.offDelayMs);
  });
  const short = lastedMs.filter((ms) => ms <= shortMsMax).toSorted((a, b) => a - b);
  // Where most are short, those that are not are what the rule is for.
  if (short.length < alertsMin || 2 * short.length < lastedMs.length) return null;
  const mostMs = short[Math.floor(short.length * 0.9)] ?? 0;
  const nowMs = Math.min(...rule.levels.map(({ onDelayMs }) => onDelayMs));
  const delayMs = delaysMs.find((ms) => ms > nowMs + mostMs);
  if (delayMs === undefined) return null;
  const spared = lastedMs.filter((ms) => ms < delayMs - nowMs).length;
  // A delay that lets nothing through is no delay.
  if (spared === lastedMs.length) return null;
  return {
    rule: rule.name,
    key: 'on_delay',
    value: delayText(delayMs),
    because: `${spared} of ${lastedMs.length} alerts lasted less than ${delayText(delayMs - nowMs)}`,
  };
}

function delayText(ms: DurationMs): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`;
}

/** Up to two digits, as a person would write it. */
function roundUp(value: number): number {
  if (value <= 0) return 0;
  const scale = 10 ** (1 - Math.floor(Math.log10(value)));
  return Number((Math.ceil(value * scale - 1e-9) / scale).toPrecision(2));
}
