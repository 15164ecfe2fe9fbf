import type { JournalRow } from '../../domain/journal.ts';
import type {
  StoredReading,
  WhyAlertStep,
  WhyCause,
  WhyDelay,
  WhyReading,
  WhyReport,
  WhyRule,
  WhyStep,
  WhyVerdict,
} from '../../domain/why.ts';
import { causeText } from './cause-text.ts';
import { actStep, limenStep, notificationSteps, outputStep } from './explain-consequences.ts';
import type { AlertBody, RowWith } from './explain-rows.ts';

/** Everything that is stored of one occurrence, in order of seq. */
export interface ChainRows {
  readonly id: string;
  /** The first one begins it; never empty. */
  readonly events: readonly [RowWith<AlertBody>, ...RowWith<AlertBody>[]];
  readonly eventsLeftOff: number;
  /** What the sieve took. */
  readonly others: readonly JournalRow[];
  /** Those among the causes. */
  readonly readings: readonly StoredReading[];
  /** All other rows among the causes. */
  readonly causes: readonly JournalRow[];
  /** The rule in each config that was in force. */
  readonly rules: readonly WhyRule[];
}

/**
 * Builds the causal chain of an occurrence from its rows. ISA-18.2 asks of an alarm record the time, the value, the
 * limit, the priority and the operator's actions; the numbers of the causes that each row carries give the rest. Pure.
 */
export function explain(chain: ChainRows): WhyReport {
  const { id, events, others } = chain;
  const [first] = events;
  // What people are told later is no part of its life.
  const last = events.findLast(({ body }) => body.kind !== 'notice') ?? first;
  const { shown } = last.body;
  const readings = readingsOf(chain);
  const causes = new Map(chain.causes.map((row) => [row.seq as number, causeOf(row)]));
  const beganSeq = first.body.cause.at(-1) ?? 0;
  const raise = events.find(({ body }) => isRaise(body));
  const endedAt = last.body.to === 'normal' ? last.atMs : null;
  const rules = distinctRules(chain.rules);
  const consequences: WhyStep[] = others.flatMap((row): WhyStep[] => {
    switch (row.kind) {
      case 'act':
        return [actStep(row, others)];
      case 'output':
        return [outputStep(row, events)];
      case 'started':
      case 'stopped':
      case 'clock':
      case 'config':
        return [limenStep(row, chain.rules)];
      default:
        return [];
    }
  });
  const steps = [
    ...events.map((event) => alertStep(event, readings, causes)),
    ...consequences,
    ...notificationSteps(events, others),
  ];
  return {
    id,
    rule: shown.rule,
    device: shown.device,
    metric: shown.metric,
    drill: first.body.drill,
    state: last.body.to,
    message: shown.message,
    severity_max: shown.severity_max,
    raises: shown.raises,
    worst: shown.worst,
    unit: shown.unit,
    breached_at: first.body.shown.breached_at,
    raised_at: raise?.body.shown.raised_at ?? null,
    ended_at: endedAt,
    duration_ms: endedAt === null ? null : endedAt - first.atMs,
    began: readings.get(beganSeq) ?? null,
    began_by: causes.get(beganSeq) ?? null,
    verdict: verdictOf((raise ?? first).body),
    delay: delayOf(chain),
    steps: steps.toSorted((a, b) => a.seq - b.seq),
    events_left_off: chain.eventsLeftOff,
    rules,
  };
}

function alertStep(
  { seq, atMs, body }: RowWith<AlertBody>,
  readings: ReadonlyMap<number, WhyReading>,
  causes: ReadonlyMap<number, WhyCause>,
): WhyAlertStep {
  return {
    kind: 'alert',
    seq,
    at: atMs,
    event: body.kind,
    from: body.from,
    to: body.to,
    reason: body.reason,
    message: body.notice?.text ?? body.shown.message,
    hushed: body.hushed ?? null,
    suppressed_by: body.shown.suppressed_by ?? null,
    shelved_until: body.shown.shelved_until ?? null,
    out_of_service: body.shown.out_of_service ?? false,
    due_at: body.shown.due_at,
    first_out: body.shown.first_out ?? null,
    verdict: verdictOf(body),
    cause: body.cause,
    readings: body.cause.flatMap((cause) => readings.get(cause) ?? []),
    causes: body.cause.flatMap((cause) => causes.get(cause) ?? []),
    config_seq: body.config ?? null,
  };
}

function causeOf(row: JournalRow): WhyCause {
  const { seq, atMs: at, kind, key } = row;
  return { seq, at, kind, key, text: causeText(row) };
}

function verdictOf({ shown, compared }: AlertBody): WhyVerdict {
  const { condition, value, unit, limit, severity } = shown;
  return {
    condition,
    value,
    unit,
    limit,
    severity,
    levels: compared?.levels ?? null,
    members: compared?.members ?? null,
    off_delay_ms: compared?.off_delay_ms ?? null,
    latch: compared?.latch ?? null,
    acknowledge_required: compared?.acknowledge_required ?? null,
  };
}

/** The delay before the first raise; null: there was none. */
function delayOf({ events }: ChainRows): WhyDelay | null {
  const [first] = events;
  if (first.body.to !== 'pending') return null;
  const raise = events.findIndex(({ body }) => isRaise(body));
  const end = events.findIndex(({ body }) => body.from === 'pending' && body.to !== 'pending');
  const pending = end < 0 ? events : events.slice(0, end);
  return {
    pending_at: first.atMs,
    // A later config or a restart may have moved it: the last word counts.
    due_at: pending.findLast(({ body }) => body.shown.due_at !== null)?.body.shown.due_at ?? null,
    active_at: events[raise]?.atMs ?? null,
  };
}

function isRaise({ from, to }: AlertBody): boolean {
  return to === 'active' && from !== 'active';
}

function readingsOf({ events, readings }: ChainRows): ReadonlyMap<number, WhyReading> {
  const [first] = events;
  // A row stands on the clock mapping of its time; over one occurrence it hardly ever moves.
  const wallOffsetMs = first.atMs - first.engineMs;
  // The evidence of an event is the payload of its last cause.
  const evidence = new Map(
    events.flatMap(({ body }) => {
      const seq = body.cause.at(-1);
      return body.evidence === null || seq === undefined ? [] : [[seq, body.evidence] as const];
    }),
  );
  return new Map(
    readings.map(({ seq, atMs, engineMs, ...reading }) => {
      const bytes = evidence.get(seq);
      return [
        seq,
        {
          seq,
          at: atMs,
          received_at: engineMs + wallOffsetMs,
          ...reading,
          topic: bytes?.topic ?? null,
          payload: bytes?.text ?? null,
          payload_base64: bytes?.base64 ?? null,
          calibration: bytes?.calibration ?? null,
        },
      ];
    }),
  );
}

/** A start takes the config again: the same text is the same rule. */
function distinctRules(rules: readonly WhyRule[]): WhyRule[] {
  const known = rules.filter(({ text }) => text !== null);
  const named = known.length > 0 ? known : rules.slice(0, 1);
  return named.filter(({ text }, index) => index === 0 || text !== named[index - 1]?.text);
}
