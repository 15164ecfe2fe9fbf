import type { ReadPin } from '../domain/board-pins.ts';
import type { Source } from '../domain/config.ts';
import type { OutputSpec } from '../domain/output.ts';
import type { Context } from './context.ts';
import { quote } from './problem.ts';
import type { PlacedSource } from './sources.ts';

/** Checks what sources and outputs say of the same board. */
export function checkBoards(
  context: Context,
  sources: readonly PlacedSource[],
  outputs: readonly OutputSpec[],
): void {
  const readings = new Map<string, readonly ReadPin[]>();
  for (const { source, path } of sources) {
    const board = boardOf(source);
    if (board === null) continue;
    if (readings.has(board.name)) {
      context.report.problem([...path, 'device'], {
        message: `there is another board ${quote(board.name)}`,
        allowed: 'a name of its own for each board',
      });
    }
    readings.set(board.name, board.reads);
  }
  for (const { name, way } of outputs) {
    if (way.kind !== 'pin') continue;
    const read = readings.get(way.board)?.find(({ pin }) => pin === way.pin);
    if (read === undefined) continue;
    context.report.problem(['outputs', name, 'pin', 'pin'], {
      message: `the pin ${way.pin} of ${quote(way.board)} is read as ${quote(read.metric)}`,
      allowed: 'a pin that is not in the pins: of the board',
    });
  }
}

function boardOf(source: Source): { name: string; reads: readonly ReadPin[] } | null {
  if (source.kind !== 'serial' || source.format.kind !== 'limen') return null;
  return { name: source.device, reads: source.format.reads };
}
