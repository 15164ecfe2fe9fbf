import type { Ask } from './act.ts';
import type { AlertState, Condition, FlagReason, Reason } from './alert.ts';
import type { Config } from './config.ts';
import type { OutputAsk, OutputLevel } from './output.ts';
import type { Quality, Value } from './reading.ts';
import type { Quantity, Severity } from './rule.ts';
import type { DurationMs } from './time.ts';

/** Where something stands in a test file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** An alert as a test names it; device and metric are null where the rule alone is named: it must have only one. */
export interface AlertRef {
  readonly rule: string;
  readonly device: string | null;
  readonly metric: string | null;
}

/** What a test says an alert is like; a key left out may be anything. */
export interface ExpectedAlert extends Place {
  readonly alert: AlertRef;
  readonly state?: AlertState;
  readonly condition?: Condition;
  readonly quality?: Quality;
  readonly severity?: Severity;
  readonly severityMax?: Severity;
  readonly value?: Quantity | boolean | string;
  readonly message?: string;
  readonly raises?: number;
  readonly acknowledgedBy?: string;
  readonly comment?: string;
  readonly latched?: boolean;
  /** Whether it was the first active of its group. */
  readonly firstOut?: boolean;
  readonly shelved?: boolean;
  readonly outOfService?: boolean;
  /** `nothing`: it is not suppressed. */
  readonly suppressedBy?: string;
  readonly reason?: Reason;
  /** When the running delay ends, in the time of the test. */
  readonly dueMs?: DurationMs;
}

/** What a test says of the last reading of a point. */
export interface ExpectedPoint extends Place {
  readonly device: string;
  readonly metric: string;
  readonly value?: Quantity | boolean | string;
  readonly quality?: Quality;
}

/** Everything that must hold at one moment. */
export interface Expectation {
  readonly alerts: readonly ExpectedAlert[];
  readonly outputs: readonly (Place & { readonly output: string; readonly level: OutputLevel })[];
  readonly points: readonly ExpectedPoint[];
  /** How often each notifier was told something so far. */
  readonly notified: readonly (Place & { readonly notifier: string; readonly times: number })[];
  /** Every alert that is not normal; null: not asked. */
  readonly open: (Place & { readonly alerts: readonly AlertRef[] }) | null;
}

/** What a device sends: the value as it is written, and what comes with it. */
export interface Sent {
  readonly device: string;
  readonly metric: string;
  readonly text: string;
  readonly unit: string | null;
  readonly quality: Quality | null;
  /** How old the reading says it is; null: it says nothing. */
  readonly ageMs: DurationMs | null;
}

/** One thing that happens in a test. */
export type Deed =
  | ({ readonly kind: 'reading' } & Sent)
  | {
      readonly kind: 'payload';
      readonly broker: string;
      readonly topic: string;
      readonly text: string;
      readonly retained: boolean;
    }
  | {
      readonly kind: 'act';
      readonly ask: Ask;
      readonly alert: AlertRef;
      readonly by: string;
      readonly comment: string | null;
      readonly refused: boolean;
    }
  | {
      readonly kind: 'command';
      readonly ask: OutputAsk;
      readonly output: string;
      readonly by: string;
      readonly comment: string | null;
      readonly refused: boolean;
    }
  /** Killed, as by a power cut: nothing is said and nothing is switched. */
  | { readonly kind: 'kill' }
  /** `clock` lost: after a power cut on a board without a clock of its own. */
  | { readonly kind: 'start'; readonly clock: 'known' | 'lost' }
  /** The wall clock is set; `found`: it is right again and can be trusted. */
  | { readonly kind: 'clock'; readonly byMs: DurationMs | 'found' }
  /** The link to another broker is lost, or is there again. */
  | { readonly kind: 'link'; readonly broker: string; readonly isUp: boolean }
  /** Another config goes into force while Limen runs. */
  | { readonly kind: 'reload'; readonly config: Config }
  | { readonly kind: 'expect'; readonly expectation: Expectation };

/** A deed and its time since the start of the test. */
export type Move = Place & { readonly atMs: DurationMs } & Deed;

/** One alert event that must happen. */
export interface ExpectedEvent extends Place {
  readonly atMs: DurationMs | null;
  readonly alert: AlertRef;
  readonly from: AlertState | null;
  readonly to: AlertState;
  readonly reason: Reason | null;
  readonly severity: Severity | null;
  readonly notify: readonly string[] | null;
}

/** One flag that must be set or ended; of out of service also the reminder that it is. */
export interface ExpectedFlag extends Place {
  readonly atMs: DurationMs | null;
  readonly alert: AlertRef;
  readonly reason: FlagReason;
  readonly notify: readonly string[] | null;
}

/** One change of an output that must happen. */
export interface ExpectedCommand extends Place {
  readonly atMs: DurationMs | null;
  readonly output: string;
  readonly to: OutputLevel;
}

/** One test: what happens, in the order of time, and what must come of it. */
export interface TestScript extends Place {
  readonly name: string;
  readonly moves: readonly Move[];
  readonly endMs: DurationMs;
  /** All transitions in order, and nothing else; null: not asked. */
  readonly events: readonly ExpectedEvent[] | null;
  /** All flags in order, and nothing else; null: not asked. */
  readonly flags: readonly ExpectedFlag[] | null;
  /** All changes of outputs in order, and nothing else; null: not asked. */
  readonly commands: readonly ExpectedCommand[] | null;
  /** Rules whose events need not be listed. */
  readonly ignored: readonly string[];
  /** Where `events:`, `flags:` and `commands:` stand. */
  readonly eventsPlace: Place;
  readonly flagsPlace: Place;
  readonly commandsPlace: Place;
}

/** A test file that can be run. */
export interface TestFile {
  readonly file: string;
  /** Where its config comes from: a file, or the test file itself. */
  readonly configFile: string;
  readonly config: Config;
  readonly tests: readonly TestScript[];
}

/** One thing that was not as expected. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** A line of a compared sequence: in both, missing, or too much. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

export interface Failure extends Place {
  /** null: of the whole test. */
  readonly atMs: DurationMs | null;
  readonly subject: string;
  readonly differences: readonly Difference[];
  readonly diff: readonly DiffLine[];
}

/** One line of what happened. */
export interface TimelineEntry {
  readonly atMs: DurationMs;
  /** The last of several readings that are one line. */
  readonly untilMs: DurationMs;
  readonly count: number;
  readonly kind: 'reading' | 'payload' | 'alert' | 'output' | 'act' | 'limen' | 'failure';
  readonly text: string;
}

/** An alert event that happened. */
export interface SeenEvent {
  readonly atMs: DurationMs;
  readonly alert: string;
  readonly rule: string;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly reason: Reason;
  readonly severity: Severity;
  readonly value: Value | null;
  readonly notify: readonly string[];
}

/** What became of one test. */
export interface Outcome extends Place {
  readonly name: string;
  /** How much time passed in the test. */
  readonly spanMs: DurationMs;
  readonly failures: readonly Failure[];
  readonly timeline: readonly TimelineEntry[];
  readonly events: readonly SeenEvent[];
}

/** `11m30s`: a time of a test, the way test files write it. */
export function momentText(ms: DurationMs): string {
  if (ms < 0) return `-${momentText(-ms)}`;
  let rest = Math.round(ms);
  let text = '';
  for (const [unit, unitMs] of momentUnits) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

const momentUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** An alert as a test names it. */
export function alertRefText({ rule, device, metric }: AlertRef): string {
  return device === null ? rule : `${rule}/${device}/${metric ?? '-'}`;
}
