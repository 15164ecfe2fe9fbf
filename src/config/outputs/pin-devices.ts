import type { PinDevice } from '../../domain/board.ts';
import { checkPinName } from '../sources/board-pins.ts';
import { readText, type Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import type { SalvagedConfig } from '../text/shape.ts';

type PinInput = NonNullable<NonNullable<NonNullable<SalvagedConfig['outputs']>[string]>['pin']>;
type Kind = PinDevice['kind'];

/** Which keys each device has beside `board`, `pin` and `device`. */
const keysOf: Readonly<Record<Kind, readonly string[]>> = {
  relay: ['inverted'],
  led: ['inverted', 'on', 'off'],
  servo: ['on', 'off'],
  piezo: [],
  lcd: ['pins', 'columns', 'rows'],
};
const deviceKeys = ['inverted', 'on', 'off', 'pins', 'columns', 'rows'] as const;
const wires = ['RS', 'E', 'D4', 'D5', 'D6', 'D7'];

/** What stands at a pin; `isFirmata`: whether its board can do more than switch. Null and problems if it cannot be read. */
export function readPinDevice(
  context: Context,
  path: Path,
  input: PinInput,
  isFirmata: boolean,
): PinDevice | null {
  const kind = input.device ?? 'relay';
  if (kind !== 'relay' && !isFirmata) {
    const message = `a board with the firmware of Limen drives no ${quote(kind)}`;
    context.report.problem([...path, 'device'], { message, allowed: 'relay, or a firmata: board' });
    return null;
  }
  for (const name of deviceKeys) {
    if (input[name] === undefined || keysOf[kind].includes(name)) continue;
    context.report.problem([...path, name], {
      message: `${quote(name)} has no meaning with device: ${kind}`,
      allowed: ['board', 'pin', 'device', ...keysOf[kind]].join(', '),
      atKey: true,
    });
  }
  switch (kind) {
    case 'relay':
    case 'piezo':
      return { kind };
    case 'led':
      return { kind, ...readEnds(context, path, input, { on: 255, off: 0, max: 255 }) };
    case 'servo':
      return { kind, ...readEnds(context, path, input, { on: 180, off: 0, max: 180 }) };
    case 'lcd':
      return readDisplay(context, path, input);
  }
}

function readEnds(
  context: Context,
  path: Path,
  input: PinInput,
  { on, off, max }: { readonly on: number; readonly off: number; readonly max: number },
): { readonly on: number; readonly off: number } {
  const ends = { on: input.on ?? on, off: input.off ?? off };
  for (const name of ['on', 'off'] as const) {
    if (ends[name] >= 0 && ends[name] <= max) continue;
    const message = `found ${ends[name]}`;
    context.report.problem([...path, name], { message, allowed: `from 0 to ${max}` });
  }
  if (ends.on === ends.off)
    context.report.problem(path, { message: 'on and off are the same', allowed: 'two numbers' });
  return ends;
}

function readDisplay(context: Context, path: Path, input: PinInput): PinDevice | null {
  const { columns = 16, rows = 2 } = input;
  for (const [name, value, max] of [
    ['columns', columns, 20],
    ['rows', rows, 4],
  ] as const) {
    if (value >= 1 && value <= max) continue;
    const message = `found ${value}`;
    context.report.problem([...path, name], { message, allowed: `from 1 to ${max}` });
  }
  const pins = (input.pins ?? []).map((pin, index) => {
    const pinPath = [...path, 'pins', index];
    const name = pin === undefined ? '' : readText(context, pinPath, pin);
    if (pin !== undefined) checkPinName(context, pinPath, name);
    return name;
  });
  if (pins.length !== wires.length || new Set(pins).size !== wires.length) {
    const message = `found ${new Set(pins).size} pins`;
    const allowed = `six pins, those of ${wires.join(', ')}`;
    if (!context.report.isTouched([...path, 'pins']))
      context.report.problem(path, { message, allowed });
    return null;
  }
  return { kind: 'lcd', pins, columns, rows };
}
