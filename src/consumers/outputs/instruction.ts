import type { Instruction, OutputLevel, OutputSpec } from '../../domain/output.ts';

/**
 * What switches an output to a level. `{lease_s}` becomes the lease in whole seconds, `{seq}` the number of the row of
 * the command: a device that remembers it can leave a lower one alone.
 */
export function instructionFor(
  { way, leaseMs }: Pick<OutputSpec, 'way' | 'leaseMs'>,
  level: OutputLevel,
  seq: number,
): Instruction {
  if (way.kind === 'command') return { kind: 'command', program: way.programs[level] };
  const { broker, topic, payloads } = way;
  const numbered = payloads[level].replaceAll('{seq}', String(seq));
  // Rounded down: the device shall give up rather before Limen would have renewed than after.
  const payload =
    leaseMs === null
      ? numbered
      : numbered.replaceAll('{lease_s}', String(Math.max(1, Math.floor(leaseMs / 1000))));
  return { kind: 'mqtt', broker, topic, payload };
}

/** An instruction as people read it: the payload, or the program with its arguments. */
export function instructionText(instruction: Instruction): string {
  return instruction.kind === 'mqtt' ? instruction.payload : instruction.program.join(' ');
}

/** The broker that an instruction goes through; null: none. */
export function brokerOf({ way }: Pick<OutputSpec, 'way'>): string | null {
  return way.kind === 'mqtt' ? way.broker : null;
}
