import type { Instruction, OutputLevel, OutputLink, OutputSpec } from '../../domain/output.ts';

/** What a device is to do. */
export interface Wanted {
  readonly level: OutputLevel;
  /** The number of the row of the command. */
  readonly seq: number;
  /** For a device that shows one. */
  readonly text: string | null;
}

/**
 * What switches an output to a level. `{lease_s}` becomes the lease in whole seconds, `{seq}` the number of the row of
 * the command: a device that remembers it can leave a lower one alone.
 */
export function instructionFor(
  { way, leaseMs, safe }: Pick<OutputSpec, 'way' | 'leaseMs' | 'safe'>,
  { level, seq, text }: Wanted,
): Instruction {
  switch (way.kind) {
    case 'command':
      return { kind: 'command', program: way.programs[level] };
    case 'pin': {
      const { board, pin } = way;
      return { kind: 'pin', command: { board, pin, level, text, seq } };
    }
    case 'gpio': {
      const { chip, line, inverted } = way;
      const valueOf = (each: OutputLevel): 0 | 1 => ((each === 'on') === inverted ? 0 : 1);
      const setting = { chip, line, value: valueOf(level), safeValue: valueOf(safe) };
      return { kind: 'gpio', setting };
    }
    case 'mqtt': {
      const { broker, topic, payloads } = way;
      const numbered = payloads[level].replaceAll('{seq}', String(seq));
      // Rounded down: the device shall give up rather before Limen would have renewed than after.
      const payload =
        leaseMs === null
          ? numbered
          : numbered.replaceAll('{lease_s}', String(Math.max(1, Math.floor(leaseMs / 1000))));
      return { kind: 'mqtt', broker, topic, payload };
    }
  }
}

/** An instruction as people read it: the payload, the program with its arguments, or the level of the pin. */
export function instructionText(instruction: Instruction): string {
  switch (instruction.kind) {
    case 'mqtt':
      return instruction.payload;
    case 'command':
      return instruction.program.join(' ');
    case 'pin':
      return instruction.command.level;
    case 'gpio':
      return String(instruction.setting.value);
  }
}

/** What an instruction goes by; null: it needs no link. */
export function linkOf({ way }: Pick<OutputSpec, 'way'>): OutputLink | null {
  switch (way.kind) {
    case 'mqtt':
      return { kind: 'broker', name: way.broker };
    case 'pin':
      return { kind: 'board', name: way.board };
    case 'command':
    case 'gpio':
      return null;
  }
}

/** Whether the device shows a text while it is on. */
export function showsText({ way }: Pick<OutputSpec, 'way'>): boolean {
  return way.kind === 'pin' && way.device.kind === 'lcd';
}
