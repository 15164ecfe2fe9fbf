import type { Log, LogFields } from '../host/log.ts';
import type { Counter } from '../host/metrics.ts';

/** The same line is written again after this long at the earliest. */
const quietMs = 10_000;
/** Different lines within that time; further ones are left out. */
const linesMax = 256;

/**
 * Warnings that anybody outside can cause as often as he likes: of each kind one line in 10 s, which says how many were
 * left out before it. Whatever comes, the log does not grow faster than 256 lines in that time.
 */
export class SeldomLog {
  readonly #log: Log;
  readonly #suppressed: Counter;
  readonly #monotonicMs: () => number;
  /** Kind → its last line, the oldest first. */
  readonly #lines = new Map<string, { readonly atMs: number; leftOut: number }>();

  constructor(log: Log, suppressed: Counter, monotonicMs: () => number) {
    this.#log = log;
    this.#suppressed = suppressed;
    this.#monotonicMs = monotonicMs;
  }

  /** `kind` tells apart what is counted for itself: a reason, and whose. */
  warn(message: string, kind: string, fields: LogFields): void {
    const key = `${message}\u0000${kind}`;
    const nowMs = this.#monotonicMs();
    const last = this.#lines.get(key);
    if (last !== undefined && nowMs - last.atMs < quietMs) {
      last.leftOut++;
      this.#suppressed.value++;
      return;
    }
    this.#lines.delete(key);
    if (this.#lines.size >= linesMax && !this.#makeRoom(nowMs)) {
      this.#suppressed.value++;
      return;
    }
    this.#lines.set(key, { atMs: nowMs, leftOut: 0 });
    const leftOut = last?.leftOut ?? 0;
    this.#log.warn(message, leftOut === 0 ? fields : { ...fields, left_out: leftOut });
  }

  #makeRoom(nowMs: number): boolean {
    const [oldest] = this.#lines;
    if (oldest === undefined || nowMs - oldest[1].atMs < quietMs) return false;
    return this.#lines.delete(oldest[0]);
  }
}
