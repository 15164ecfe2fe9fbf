/** Logins from one address that may fail before the next ones have to wait. */
const freeFailures = 5;
/** A failure counts as long as the next one follows within this. */
const withinMs = 60_000;
const delayMinMs = 1_000;
const delayMaxMs = 10_000;
/** Logins of one address that may wait at the same time: with the longest delay, 96 guesses a minute. */
const waitingMax = 16;
/** Addresses remembered; the one that failed longest ago gives way. */
const addressesMax = 1_024;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

/**
 * Slows down who guesses passwords: after a few failed logins the next ones of that address wait before they are
 * checked, 1 s and then longer. Other addresses notice nothing, and a right password is still right.
 */
export class LoginBackoff {
  readonly #monotonicMs: () => number;
  /** The address that failed last is the last. */
  readonly #failures = new Map<string, Failures>();
  readonly #waiting = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** How long a login from the address has to wait now. */
  delayMs(address: string): number {
    const count = this.#recent(address);
    if (count < freeFailures) return 0;
    return Math.min(delayMinMs * 2 ** (count - freeFailures), delayMaxMs);
  }

  failed(address: string): void {
    const count = this.#recent(address) + 1;
    this.#failures.delete(address);
    this.#failures.set(address, { count, lastMs: this.#monotonicMs() });
    if (this.#failures.size <= addressesMax) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }

  /** Logins that wait now, of all addresses. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A login begins to wait; false: too many of the address do. */
  enter(address: string): boolean {
    const waiting = this.#waiting.get(address) ?? 0;
    if (waiting >= waitingMax) return false;
    this.#waiting.set(address, waiting + 1);
    return true;
  }

  /** It has waited, or its connection has ended. */
  leave(address: string): void {
    const waiting = (this.#waiting.get(address) ?? 0) - 1;
    if (waiting > 0) this.#waiting.set(address, waiting);
    else this.#waiting.delete(address);
  }

  #recent(address: string): number {
    const failures = this.#failures.get(address);
    if (failures === undefined || this.#monotonicMs() - failures.lastMs > withinMs) return 0;
    return failures.count;
  }
}
