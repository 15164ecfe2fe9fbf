import { alertKey, type Alert, type AlertEvent, type AlertState } from '../../src/domain/alert.ts';
import type { RowKind, RowWriter } from '../../src/domain/journal.ts';
import { compilePattern } from '../../src/domain/point.ts';
import type { OutputSpec } from '../../src/domain/output.ts';
import type { Seq } from '../../src/domain/reading.ts';
import { ruleDefaults, type Action, type Rule } from '../../src/domain/rule.ts';
import type { EngineMs, WallMs } from '../../src/domain/time.ts';
import type { Log } from '../../src/host/log.ts';

export const seq = (number: number): Seq => number as Seq;
export const wall = (ms: number): WallMs => ms as WallMs;

/** A log that keeps its warnings and errors. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const log: Log & { readonly lines: string[] } = {
    lines,
    debug: () => {},
    info: () => {},
    warn: (message) => void lines.push(message),
    error: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields ?? {})}`),
    area: () => log,
  };
  return log;
}

export interface MemoryRow {
  readonly seq: Seq;
  readonly kind: RowKind;
  readonly key: string;
  readonly body: Record<string, unknown>;
}

/** A journal that keeps its rows in memory, as JSON would. */
export function memoryJournal(): RowWriter & { readonly rows: MemoryRow[]; commit(): void } {
  const rows: MemoryRow[] = [];
  let next = 1_000;
  let committed = 999;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    if (committed === next - 1) for (const callback of waiting.splice(0)) callback();
  };
  return {
    rows,
    get nextSeq() {
      return seq(next);
    },
    get committedSeq() {
      return seq(committed);
    },
    append(kind, key, body) {
      const row = { seq: seq(next), kind, key, body: JSON.parse(JSON.stringify(body)) };
      rows.push(row);
      next += 1;
      return row.seq;
    },
    afterCommit(callback) {
      waiting.push(callback);
      queueMicrotask(release);
    },
    commit() {
      committed = next - 1;
      release();
    },
  };
}

/** An output without any of its protections. */
export const unprotected = {
  maxOnMs: null,
  minOnMs: null,
  minOffMs: null,
  pulseMs: null,
  leaseMs: null,
  ttlMs: 60_000,
  neverWith: [],
  onlyWhile: null,
  feedback: null,
} satisfies Partial<OutputSpec>;

/** An alert as the engine would give it; every field can be set. */
export function alertOf(fields: Partial<Alert> = {}): Alert {
  const { rule = 'freezer-warm', device = 'freezer-1', metric = 'temperature' } = fields;
  return {
    rule,
    device,
    metric,
    id: `${alertKey({ rule, device, metric })}/1`,
    state: 'active',
    condition: 'breached',
    quality: 'good',
    severity: 'warning',
    severityMax: 'warning',
    value: -10,
    unit: '°C',
    limit: -18,
    worst: -10,
    message: 'freezer-1 is at -10 °C',
    breachedAt: wall(1_000),
    raisedAt: wall(2_000),
    returnedAt: null,
    changedAt: wall(2_000),
    dueAt: null,
    raises: 1,
    acknowledgedBy: null,
    acknowledgedAt: null,
    comment: null,
    latched: false,
    shelvedUntil: null,
    suppressedBy: null,
    outOfService: false,
    firstOut: null,
    reason: 'on_delay_over',
    seq: seq(10),
    ...fields,
  };
}

/** The event that made an alert what it is. */
export function eventOf(alert: Alert, fields: Partial<AlertEvent> = {}): AlertEvent {
  const from: AlertState = fields.from ?? 'normal';
  return {
    kind: 'transition',
    at: alert.changedAt as number as EngineMs,
    from,
    to: alert.state,
    reason: alert.reason,
    cause: [seq(9)],
    alert,
    point: null,
    memory: null,
    drill: false,
    ...fields,
  };
}

/** A rule of which only its name and actions matter. */
export function ruleOf(name: string, then: readonly Action[]): Rule {
  return {
    ...ruleDefaults,
    name,
    points: [compilePattern('*/*')],
    levels: [
      {
        severity: 'warning',
        comparator: { kind: 'above', limit: { value: -18, unit: null } },
        deadband: { value: 0, unit: null },
        onDelayMs: 0,
      },
    ],
    then,
  };
}
