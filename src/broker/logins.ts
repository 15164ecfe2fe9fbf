import type { Duplex } from 'node:stream';
import type { Counter, Metrics } from '../host/metrics.ts';
import { LoginBackoff } from './login-backoff.ts';
import type { SeldomLog } from './seldom-log.ts';

/** Passwords that are being checked at the same time: each takes 32 MB and a thread of the pool. */
const verifyingMax = 4;

/** Somebody who gives a name and a password. */
export interface Login {
  readonly clientId: string;
  /** Where the client is. */
  readonly address: string;
  readonly name: string;
  readonly password: string;
  readonly connection: Duplex;
}

export interface LoginsOptions {
  readonly metrics: Metrics;
  readonly warnings: SeldomLog;
  monotonicMs(): number;
  /** Whether the name and the password belong together; must not throw. */
  verify(name: string, password: string): Promise<boolean>;
}

/** Checks passwords: few at a time, the others wait, and those longer whose address has guessed wrong before. */
export class Logins {
  readonly #options: LoginsOptions;
  readonly #backoff: LoginBackoff;
  readonly #refused: Counter;
  #verifying = 0;
  /** Those that wait for one of the others to be done; no more than there are connections. */
  readonly #turns: (() => void)[] = [];

  constructor(options: LoginsOptions) {
    this.#options = options;
    this.#backoff = new LoginBackoff(options.monotonicMs);
    const { metrics } = options;
    this.#refused = metrics.counter(
      'limen_logins_refused_total',
      'Logins whose name and password do not belong together, or of which too many waited',
    );
    metrics.gauge(
      'limen_logins_waiting_count',
      'Logins that wait until their password is checked',
      () => this.#turns.length + this.#backoff.waiting,
    );
  }

  /** `busy`: not checked, for too many of the same address wait already. */
  async check(login: Login): Promise<'right' | 'wrong' | 'busy'> {
    const { address, connection, name, password } = login;
    await this.#takeTurn();
    // Asked in its turn: many logins that come at the same moment have not failed yet when they come.
    const delayMs = this.#backoff.delayMs(address);
    if (delayMs > 0) {
      this.#endTurn();
      if (!this.#backoff.enter(address)) {
        this.#refuse(login, 'too many logins of this address wait');
        return 'busy';
      }
      await delay(delayMs, connection);
      this.#backoff.leave(address);
      await this.#takeTurn();
    }
    const isOpen = !connection.destroyed;
    const isRight = isOpen && (await this.#options.verify(name, password));
    if (isOpen && !isRight) {
      this.#backoff.failed(address);
      this.#refuse(login, 'wrong name or password');
    }
    this.#endTurn();
    return isRight ? 'right' : 'wrong';
  }

  /** After a power cut all devices log in at once; to many of them a refusal is final. */
  async #takeTurn(): Promise<void> {
    if (this.#verifying < verifyingMax) this.#verifying++;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
  }

  /** Whoever waits longest takes over the place. */
  #endTurn(): void {
    const next = this.#turns.shift();
    if (next === undefined) this.#verifying--;
    else next();
  }

  #refuse({ clientId, name, address }: Login, reason: string): void {
    this.#refused.value++;
    const fields = { client: clientId, user: name, address, reason };
    this.#options.warnings.warn('login refused', `${address} ${reason}`, fields);
  }
}

/** Resolves after the time, or when the connection ends. */
function delay(delayMs: number, connection: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      connection.off('close', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    timer.unref();
    connection.once('close', end);
  });
}
