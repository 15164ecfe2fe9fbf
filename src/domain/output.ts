import type { DrivenPin, PinCommand, PinDevice, PinName } from './board.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { limits } from './limits.ts';
import type { OutputLevel } from './output-level.ts';
import type { Clause, WatchedClause } from './rule.ts';
import { compilePattern } from './point.ts';
import type { DurationMs, EngineMs, WallMs } from './time.ts';

export type { OutputLevel };

/** How a device is switched: one instruction for each level. */
export type OutputWay =
  | {
      readonly kind: 'mqtt';
      /** `embedded` or the name of a broker. */
      readonly broker: string;
      readonly topic: string;
      /** Payload for each level; `{lease_s}` and `{seq}` in it are replaced. */
      readonly payloads: Readonly<Record<OutputLevel, string>>;
    }
  /** Program and arguments for each level; no shell reads them. */
  | {
      readonly kind: 'command';
      readonly programs: Readonly<Record<OutputLevel, readonly string[]>>;
    }
  /** A line of a GPIO chip of this machine, by the tools of libgpiod. */
  | {
      readonly kind: 'gpio';
      /** Its name or number: `gpiochip0`. */
      readonly chip: string;
      readonly line: number;
      /** The line is low while the device is on. */
      readonly inverted: boolean;
    }
  /** A pin of a board. */
  | {
      readonly kind: 'pin';
      /** The device of the source that the board is. */
      readonly board: string;
      readonly pin: PinName;
      /** The pin is low while the device is on. */
      readonly inverted: boolean;
      readonly device: PinDevice;
    };

/** One instruction, ready to be sent. */
export type Instruction =
  | {
      readonly kind: 'mqtt';
      readonly broker: string;
      readonly topic: string;
      readonly payload: string;
    }
  | { readonly kind: 'command'; readonly program: readonly string[] }
  | { readonly kind: 'pin'; readonly command: PinCommand }
  | { readonly kind: 'gpio'; readonly setting: GpioSetting };

/** What a device that listens on a topic is to do now. */
export interface PresentCommand {
  readonly topic: string;
  readonly payload: string;
}

/** A line of a GPIO chip and the value it is to have. */
export interface GpioSetting {
  readonly chip: string;
  readonly line: number;
  readonly value: 0 | 1;
  /** The value it is given when Limen ends, in whatever way. */
  readonly safeValue: 0 | 1;
}

/** What carries instructions, and can be away. */
export interface OutputLink {
  readonly kind: 'broker' | 'board';
  readonly name: string;
}

/** The point that shows what the device does: true or any number but 0 is on. */
export interface Feedback {
  readonly device: string;
  readonly metric: string;
  /** It shows the commanded level within this, else the command is sent again. */
  readonly withinMs: DurationMs;
  readonly retries: number;
}

/** Something that can be switched. Below, "energised" means at the level that is not safe. */
export interface OutputSpec {
  readonly name: string;
  readonly way: OutputWay;
  readonly safe: OutputLevel;
  readonly idle: OutputLevel;
  /** While the owner's condition, or what the device does, is unknown: keep the claim, or go safe. */
  readonly onUnknown: 'hold' | 'safe' | null;
  /** Longest continuous energised time over all owners. */
  readonly maxOnMs: DurationMs | null;
  /** Shortest energised time once nobody claims it any more, and shortest time before it is energised again. */
  readonly minOnMs: DurationMs | null;
  readonly minOffMs: DurationMs | null;
  /** It is energised for so long once for each claim; null: as long as the claim. */
  readonly pulseMs: DurationMs | null;
  readonly leaseMs: DurationMs | null;
  /** A command of a person that says it is older is refused. */
  readonly ttlMs: DurationMs;
  /** Outputs that are never energised together with it: those named here, and those that name it. */
  readonly neverWith: readonly string[];
  /** It may be energised only while this is true; null: always. */
  readonly onlyWhile: Clause | null;
  readonly feedback: Feedback | null;
}

/** A level that a person wants until a time, whatever the rules claim. */
export interface ManualHold {
  readonly level: OutputLevel;
  readonly by: string;
  readonly comment: string | null;
  /** Engine time of its end: it goes on over a restart. */
  readonly endsMs: EngineMs;
}

/** Why an output stays safe until somebody resets it. */
export interface Trip {
  /** In words. */
  readonly why: string;
  readonly at: WallMs;
}

/** What a person asks of an output. */
export type OutputAsk =
  /** `auto` ends a hold. */
  | { readonly act: 'set'; readonly value: OutputLevel | 'auto'; readonly holdMs: DurationMs }
  | { readonly act: 'reset' };

/** What a person asks, and of which output. Topic, CLI and HTTP all end in `app.command`. */
export type OutputCommand = OutputAsk & {
  readonly output: string;
  readonly by: string;
  readonly comment: string | null;
  /** When it was given, by its sender's clock; null: it does not say. */
  readonly sentAt: number | null;
  /** Its number: one that is not above the last number of its output has no effect; null: it has none. */
  readonly order: number | null;
};

/** A setting as it is written: `on`, `off` or `auto`, and how long it is held. Returns what is wrong as a text. */
export function readSetting(written: {
  readonly value: string | null;
  readonly holdFor: string | null;
}): Extract<OutputAsk, { act: 'set' }> | string {
  const { value, holdFor } = written;
  if (value !== 'on' && value !== 'off' && value !== 'auto')
    return 'the value must be on, off or auto';
  if (holdFor === null) return { act: 'set', value, holdMs: limits.holdDefaultMs };
  if (value === 'auto') return 'auto ends a hold: it has no time of its own';
  const holdMs = parseDuration(holdFor);
  if (holdMs !== null && holdMs > 0 && holdMs <= limits.holdMaxMs)
    return { act: 'set', value, holdMs };
  return `a hold lasts for a time such as 30m or 2h, at most ${formatDuration(limits.holdMaxMs)}`;
}

/** The present state of an output (contract 6, `limen/outputs/<output>`). */
export interface OutputStatus {
  readonly name: string;
  /** Read back from the device, or unknown: never assumed. */
  readonly state: OutputLevel | 'unknown';
  readonly commanded: OutputLevel;
  /** The alert that owns it, as `rule/device/metric`, or who holds it by hand; null: nobody. */
  readonly owner: string | null;
  readonly reason: string;
  readonly sinceAt: number;
  readonly seq: number;
  /** What the reason rests on, in words; null: nothing more to say. */
  readonly detail: string | null;
  readonly hold: {
    readonly level: OutputLevel;
    readonly by: string;
    readonly comment: string | null;
    readonly until: number;
  } | null;
  readonly trip: Trip | null;
}

/** Which condition of an output a watched condition is. */
export type OutputCondition = 'only_while' | 'feedback';

/** Whether what the device does can be seen: at the pin of its board, or at a point. A display says nothing of itself. */
export function isReadBack({ way, feedback }: Pick<OutputSpec, 'way' | 'feedback'>): boolean {
  return feedback !== null || (way.kind === 'pin' && way.device.kind !== 'lcd');
}

/** The pins that each board drives, by the name of the board. */
export function drivenPins(
  specs: readonly Pick<OutputSpec, 'way' | 'safe'>[],
): ReadonlyMap<string, readonly DrivenPin[]> {
  const boards = new Map<string, DrivenPin[]>();
  for (const { way, safe } of specs) {
    if (way.kind !== 'pin') continue;
    const { board, pin, device, inverted } = way;
    const pins = boards.get(board) ?? [];
    boards.set(board, pins);
    pins.push({ pin, device, safe, inverted });
  }
  return boards;
}

/** The conditions of the outputs as the engine watches them; the verdict `breached` is "allowed", or "on". */
export function outputConditions(specs: readonly OutputSpec[]): readonly WatchedClause[] {
  return specs.flatMap(({ name, onlyWhile, feedback }) => [
    ...(onlyWhile === null ? [] : [{ name: conditionName('only_while', name), clause: onlyWhile }]),
    ...(feedback === null
      ? []
      : [{ name: conditionName('feedback', name), clause: isOn(feedback) }]),
  ]);
}

/** The name under which the engine watches a condition of an output. */
export function conditionName(kind: OutputCondition, output: string): string {
  return `${kind} ${output}`;
}

/** The output and the condition that a watched name stands for. */
export function parseConditionName(
  name: string,
): { readonly kind: OutputCondition; readonly output: string } | null {
  for (const kind of ['only_while', 'feedback'] as const)
    if (name.startsWith(`${kind} `)) return { kind, output: name.slice(kind.length + 1) };
  return null;
}

function isOn({ device, metric }: Feedback): Clause {
  const zero = { value: 0, unit: null };
  return {
    kind: 'compare',
    points: [compilePattern(`${device}/${metric}`)],
    comparator: { kind: 'outside', low: zero, high: zero },
    deadband: zero,
  };
}
