import { limits } from '../domain/limits.ts';
import type { PortStatus } from '../domain/serial.ts';
import type { Clock, Timer } from '../host/clock.ts';

/** Looks after the lines that cannot be read; ends with `stop`. */
export interface LineWatch {
  stop(): void;
}

export interface LineWatchOptions {
  readonly clock: Clock;
  statuses(): readonly PortStatus[];
  /** Takes how many frames of the last minute could not be read, and in words which. */
  report(path: string, badLines: number, text: string): void;
}

/** Bad frames of a port since it was first opened, at a moment. */
interface Mark {
  readonly atMs: number;
  readonly bad: PortStatus['badFrames'];
}

const { lineWatchMs, lineWatchSpanMs } = limits;

/**
 * Reports the bad lines of each open port, at even intervals: what comes in even intervals is missed when it stays away.
 * A port that is not open has none, which is no news: its silence is told otherwise.
 */
export function watchLines({ clock, statuses, report }: LineWatchOptions): LineWatch {
  const marks = new Map<string, readonly Mark[]>();

  const lookAt = ({ path, badFrames: bad }: PortStatus, nowMs: number): void => {
    const mark: Mark = { atMs: nowMs, bad };
    const recent = (marks.get(path) ?? [mark]).filter(
      ({ atMs }) => nowMs - atMs <= lineWatchSpanMs,
    );
    marks.set(path, [...recent, mark]);
    const grown = growth(recent[0] ?? mark, mark);
    const badLines = grown.reduce((sum, [, count]) => sum + count, 0);
    const reasons = grown.map(([reason, count]) => `${count} ${reason}`).join(', ');
    report(path, badLines, reasons === '' ? 'none' : reasons);
  };
  const look = (): void => {
    timer = clock.after(lineWatchMs, look);
    const nowMs = clock.monotonicMs();
    const open = statuses().filter(({ isOpen }) => isOpen);
    for (const path of marks.keys())
      if (!open.some((status) => status.path === path)) marks.delete(path);
    for (const status of open) lookAt(status, nowMs);
  };
  let timer: Timer = clock.after(lineWatchMs, look);
  return { stop: () => timer.cancel() };
}

// The process of the ports counts from nothing when it is started anew.
function growth(from: Mark, to: Mark): readonly (readonly [reason: string, count: number])[] {
  return Object.entries(to.bad).flatMap(([reason, count]) => {
    const before = from.bad[reason] ?? 0;
    const grown = count < before ? count : count - before;
    return grown > 0 ? [[reason, grown] as const] : [];
  });
}
