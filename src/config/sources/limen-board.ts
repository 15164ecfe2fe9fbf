import type { LimenFormat } from '../../domain/serial.ts';
import { readPins, type BoardAbilities, type PinsInput } from './board-pins.ts';
import { readDuration, readText, type Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';

/** What the protocol of Limen's firmware can say; whether a board can do it, the board says. */
const abilities: BoardAbilities = {
  kinds: ['analog', 'in', 'count'],
  everyMsMin: 20,
  everyMsMax: 60_000,
  samplesMax: 64,
  debounceMsMax: 250,
};
const leaseBounds = { min: 1_000, max: 600_000 } as const;
const leaseDefaultMs = 10_000;

/** What a source says of its board, as it is written. */
interface BoardInput {
  readonly pins?: PinsInput | undefined;
  readonly lease?: string | number | undefined;
  readonly id?: string | number | boolean | undefined;
}

/** A board with Limen's firmware at the end of a serial line. */
export function readLimenFormat(context: Context, path: Path, entry: BoardInput): LimenFormat {
  const leaseMs = readDuration(context, [...path, 'lease'], entry.lease, leaseBounds);
  const reads = readPins(context, [...path, 'pins'], entry.pins, abilities);
  const id = readId(context, [...path, 'id'], entry.id);
  return { kind: 'limen', reads, leaseMs: leaseMs ?? leaseDefaultMs, id };
}

function readId(context: Context, path: Path, value: BoardInput['id']): string | null {
  if (value === undefined) return null;
  const text = readText(context, path, value).toUpperCase();
  if (/^[0-9A-F]{8}$/.test(text) && text !== '00000000') return text;
  const allowed = 'eight hexadecimal digits such as 0BADCAFE; limen status shows them';
  context.report.problem(path, { message: `found ${quote(text)}`, allowed });
  return null;
}
