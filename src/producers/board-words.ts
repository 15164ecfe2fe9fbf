import type { PinShows } from '../../firmware-bridge/emulator/board.ts';
import type { BoardFault } from './board-scenarios.ts';

const showsWords: Readonly<Record<PinShows, string>> = {
  high: 'high',
  low: 'low',
  input: 'floats',
  pullup: 'floats',
};
const fan = 7;

/** What a pin does, and what that means for what is connected to it. */
export function pinWords(pin: number, shows: PinShows): string {
  const name = pin >= 14 ? `A${pin - 14}` : `${pin}`;
  const effect = shows === 'high' ? ': the fan runs' : ': the fan stands still';
  return `pin ${name} ${showsWords[shows]}${pin === fan ? effect : ''}`;
}

/** What happens to a board. */
export function faultWords(fault: BoardFault, link: string): string {
  switch (fault.kind) {
    case 'unplug':
      return `UNPLUGGED: no power, and ${link} is gone`;
    case 'plug':
      return `BACK at ${link}, another port under the same name`;
    case 'reset':
      return 'RESET: somebody pressed the button';
    case 'hang':
      return 'HUNG: its program runs in a circle, until its watchdog bites';
    case 'freeze':
      return 'FROZEN: it says nothing, and its pins stay as they are';
    case 'thaw':
      return 'THAWED: it goes on where it was';
    case 'damage':
      return fault.every > 0 ? `NOISE: one of ${fault.every} bytes is damaged` : 'QUIET again';
  }
}
