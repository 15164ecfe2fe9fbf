import type { PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';

/** A character display of type HD44780 on six pins, as far as it is needed to read what it shows. */
export function displayAt(board: PluggedBoard): {
  until(fits: (text: string) => boolean): Promise<string>;
} {
  const pins = { rs: 12, enable: 11, data: [5, 4, 3, 2] };
  const high = new Set<number>();
  let memory = new Map<number, number>();
  let at = 0;
  let half: number | null = null;
  // It starts with eight data lines, of which four are wired; the command 0x20 goes on with those.
  let isWhole = true;
  const take = (isData: boolean, byte: number): void => {
    if (isData) memory.set(at++, byte);
    else if (byte === 1) memory = new Map();
    else if (byte >= 0x80) at = byte & 0x7f;
    if (!isData && byte === 1) at = 0;
  };
  const text = (): string =>
    [0, 0x40]
      .map((from) =>
        Array.from({ length: 16 }, (_, column) => memory.get(from + column))
          .map((code) => (code === undefined ? '' : String.fromCharCode(code)))
          .join(''),
      )
      .join('\n')
      .trim();
  return {
    async until(fits) {
      for (;;) {
        const { pin, shows } = await board.next('pin');
        if (shows === 'high') high.add(pin);
        else high.delete(pin);
        if (pin !== pins.enable || shows !== 'low') continue;
        const nibble = pins.data.reduce(
          (sum, each, bit) => sum | (Number(high.has(each)) << bit),
          0,
        );
        if (isWhole) isWhole = nibble !== 2;
        else if (half === null) half = nibble;
        else {
          take(high.has(pins.rs), (half << 4) | nibble);
          half = null;
        }
        if (fits(text())) return text();
      }
    },
  };
}
