import type { DrivenPin } from '../../src/domain/board.ts';
import type { PinInput, ReadPin } from '../../src/domain/board-pins.ts';
import type { OutputLevel } from '../../src/domain/output.ts';
import { settingWords, type HostCommand } from './host-command.ts';
import type { Level, PinName, PinSetting } from './protocol.ts';

/** What a board with Limen's firmware is to do. */
export interface BoardWants {
  readonly leaseMs: number;
  /** Its eight hexadecimal digits; null: any board will do. */
  readonly id: string | null;
  readonly reads: readonly ReadPin[];
  readonly drives: readonly DrivenPin[];
}

/** What a board has told of itself after a greeting. */
export interface BoardSettings {
  readonly id: string;
  readonly leaseMs: number;
  /** Pins that are not off. */
  readonly pins: ReadonlyMap<PinName, PinSetting>;
}

/** Which pins can do what, by the word of the mode. */
export type BoardAbility = ReadonlyMap<string, readonly PinName[]>;

const blankId = '00000000';

/** The level at the pin that a level of the device is. */
export function levelAt({ inverted }: DrivenPin, level: OutputLevel): Level {
  return (level === 'on') === inverted ? 0 : 1;
}

/** What a level at the pin means for the device. */
export function shownBy({ inverted }: DrivenPin, level: Level): OutputLevel {
  return (level === 1) === inverted ? 'off' : 'on';
}

/** What each pin is to be set to. */
export function settingsOf({ reads, drives }: BoardWants): Map<PinName, PinSetting> {
  const settings = new Map<PinName, PinSetting>();
  for (const { pin, everyMs, input } of reads) settings.set(pin, readSetting(input, everyMs));
  for (const driven of drives) {
    settings.set(driven.pin, { kind: 'out', safe: levelAt(driven, driven.safe) });
  }
  return settings;
}

function readSetting(input: PinInput, everyMs: number): PinSetting {
  switch (input.kind) {
    case 'analog':
      return { kind: 'analog', everyMs, samples: input.samples };
    case 'in':
      return { kind: 'in', pull: input.pull, debounceMs: input.debounceMs, everyMs };
    case 'count': {
      const { pull, edge, debounceMs } = input;
      return { kind: 'count', pull, edge, debounceMs, everyMs };
    }
  }
}

/** What keeps a board from doing what is wanted of it, in words; null: nothing. */
export function inability(able: BoardAbility, wants: BoardWants): string | null {
  const problems: string[] = [];
  for (const [pin, { kind }] of settingsOf(wants)) {
    const pins = able.get(kind) ?? [];
    if (pins.includes(pin)) continue;
    const others = pins.length === 0 ? 'and no other pin can' : `these can: ${pins.join(' ')}`;
    problems.push(`its pin ${pin} cannot ${doing[kind]}, ${others}`);
  }
  return problems.length === 0 ? null : problems.join('; ');
}

const doing = {
  off: 'be off',
  out: 'be driven',
  in: 'be read',
  count: 'count',
  analog: 'measure volts',
} as const satisfies Record<PinSetting['kind'], string>;

/**
 * The commands that make a board what is wanted, `save` last; none if it is so already: what it keeps in its memory is
 * written only where it differs. `newId`: for a board that never had one.
 */
export function settingCommands(
  has: BoardSettings,
  wants: BoardWants,
  newId: () => string,
): readonly HostCommand[] {
  const commands: HostCommand[] = [];
  if (has.id === blankId) commands.push({ kind: 'id', id: wants.id ?? newId() });
  if (has.leaseMs !== wants.leaseMs) commands.push({ kind: 'lease', leaseMs: wants.leaseMs });
  const wanted = settingsOf(wants);
  // What is given up first: a board has few counters.
  for (const pin of has.pins.keys())
    if (!wanted.has(pin)) commands.push({ kind: 'pin', pin, setting: { kind: 'off' } });
  for (const [pin, setting] of wanted) {
    const present = has.pins.get(pin);
    if (present !== undefined && settingWords(present) === settingWords(setting)) continue;
    commands.push({ kind: 'pin', pin, setting });
  }
  return commands.length === 0 ? [] : [...commands, { kind: 'save' }];
}

/** Why this is not the board that is wanted, in words; null: it is. */
export function otherBoard(id: string, wanted: string | null): string | null {
  if (wanted === null || id === wanted || id === blankId) return null;
  return `it is another board: its id is ${id}, not ${wanted}`;
}
