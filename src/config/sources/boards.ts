import type { Source } from '../../domain/config.ts';
import type { OutputSpec } from '../../domain/output.ts';
import type { Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import type { PlacedSource } from './sources.ts';

/** Checks what sources and outputs say of the same board. */
export function checkBoards(
  context: Context,
  sources: readonly PlacedSource[],
  outputs: readonly OutputSpec[],
): void {
  const boards = new Map<string, readonly PinUse[]>();
  for (const { source, path } of sources) {
    const uses = readPinsOf(source);
    if (uses === null || source.kind === 'mqtt' || source.kind === 'simulate') continue;
    if (boards.has(source.device)) {
      context.report.problem([...path, 'device'], {
        message: `there is another board ${quote(source.device)}`,
        allowed: 'a name of its own for each board',
      });
    }
    boards.set(source.device, uses);
  }
  for (const { name, way } of outputs) {
    if (way.kind !== 'pin') continue;
    for (const [pin, key] of wiresOf(way)) {
      const read = boards.get(way.board)?.find((use) => use.pin === pin);
      if (read === undefined) continue;
      context.report.problem(['outputs', name, 'pin', ...key], {
        message: `the pin ${pin} of ${quote(way.board)} is read as ${quote(read.metric)}`,
        allowed: 'a pin that is not in the pins: of the board',
      });
    }
  }
  checkDisplays(context, outputs);
}

interface PinUse {
  readonly pin: string;
  readonly metric: string;
}

/** The pins that a board reads; null: the source is no board. */
function readPinsOf(source: Source): readonly PinUse[] | null {
  if (source.kind === 'firmata') {
    const { reads, sensors } = source;
    const atPins = sensors.flatMap(({ pin, metric }) => (pin === null ? [] : [{ pin, metric }]));
    return [...reads, ...atPins];
  }
  return source.kind === 'serial' && source.format.kind === 'limen' ? source.format.reads : null;
}

type PinWay = Extract<OutputSpec['way'], { kind: 'pin' }>;

/** The pins that a device is wired to, and where each is written below `pin:`. */
function wiresOf({ pin, device }: PinWay): readonly (readonly [pin: string, key: Path])[] {
  if (device.kind !== 'lcd') return [[pin, ['pin']]];
  return device.pins.map((wire, index) => [wire, ['pins', index]] as const);
}

// Two devices at the same pin are told where they are read; not so the many pins of a display.
function checkDisplays(context: Context, outputs: readonly OutputSpec[]): void {
  const owners = new Map<string, string>();
  for (const { name, way } of outputs) {
    if (way.kind !== 'pin') continue;
    for (const [pin, key] of wiresOf(way)) {
      const place = JSON.stringify([way.board, pin]);
      const owner = owners.get(place);
      if (owner === undefined) owners.set(place, name);
      const path = ['outputs', name, 'pin', ...key];
      if (owner === undefined || context.report.isTouched(path)) continue;
      context.report.problem(path, {
        message: `the output ${quote(owner)} already drives the pin ${pin} of ${quote(way.board)}`,
        allowed: 'one output for each pin',
      });
    }
  }
}
