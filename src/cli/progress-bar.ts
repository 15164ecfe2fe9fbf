import type { Clock } from '../host/clock.ts';
import type { Terminal } from './terminal.ts';

/** A bar on a terminal; anywhere else nothing. */
export interface ProgressBar {
  /** May be called as often as one likes. */
  readonly show: (fraction: number, readings: number) => void;
  readonly clear: () => void;
}

const everyMs = 100;
const cells = 30;

/** Makes a bar of its own line. */
export function createProgressBar(terminal: Terminal, clock: Clock): ProgressBar {
  const startedMs = clock.monotonicMs();
  let shownMs = -Infinity;
  return {
    show(fraction, readings) {
      if (!terminal.isTerminal) return;
      const nowMs = clock.monotonicMs();
      if (nowMs - shownMs < everyMs) return;
      shownMs = nowMs;
      const full = Math.round(Math.min(1, fraction) * cells);
      const bar = `${'█'.repeat(full)}${'░'.repeat(cells - full)}`;
      const leftMs = fraction > 0 ? ((nowMs - startedMs) * (1 - fraction)) / fraction : NaN;
      const left = Number.isNaN(leftMs) ? '' : `, ${Math.ceil(leftMs / 1000)} s left`;
      const percent = Math.floor(100 * fraction);
      void terminal.write(`\r${bar} ${percent} %, ${readings} readings${left}\u001B[K`);
    },
    clear() {
      if (terminal.isTerminal && shownMs > -Infinity) void terminal.write('\r\u001B[K');
    },
  };
}
