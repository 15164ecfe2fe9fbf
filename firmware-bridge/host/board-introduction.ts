import type { BoardFacts } from '../../src/domain/board.ts';
import type { BoardMessage } from './board-message.ts';
import { inability, otherBoard, settingCommands, type BoardWants } from './board-settings.ts';
import { versionProblem, type MessageOf } from './board-words.ts';
import type { HostCommand } from './host-command.ts';
import { protocol, type PinName, type PinSetting } from './protocol.ts';

/** What a board has told of itself. */
export class BoardIntroduction {
  #hello: MessageOf<'hello'> | null = null;
  #beat: MessageOf<'beat'> | null = null;
  readonly #able = new Map<string, readonly PinName[]>();
  readonly #pins = new Map<PinName, PinSetting>();

  /** null: it has not said who it is. */
  get facts(): BoardFacts | null {
    if (this.#hello === null) return null;
    const { id, firmware, board, leaseMs, why } = this.#hello;
    const { badLines = 0, dropped = 0 } = this.#beat ?? {};
    return { id, firmware, board, leaseMs, why, badLines, dropped };
  }

  /** The version of the protocol that it speaks; null: it has not said. */
  get protocol(): number | null {
    return this.#hello?.protocol ?? null;
  }

  take(message: BoardMessage): void {
    if (message.kind === 'hello') this.#hello = message;
    else if (message.kind === 'beat') this.#beat = message;
    else if (message.kind === 'can') this.#able.set(message.mode, message.pins);
    else if (message.kind === 'pin') this.#pins.set(message.pin, message.setting);
  }

  /** It is asked anew what it can, and what its pins are. */
  askedAnew(): void {
    this.#able.clear();
    this.#pins.clear();
  }

  /** It began anew: it may be another one, too. */
  forget(): void {
    this.#hello = null;
    this.#beat = null;
    this.askedAnew();
  }

  /** A setting that it has taken over. */
  taken(command: HostCommand): void {
    if (this.#hello === null) return;
    if (command.kind === 'id') this.#hello = { ...this.#hello, id: command.id };
    if (command.kind === 'lease') this.#hello = { ...this.#hello, leaseMs: command.leaseMs };
  }

  /** Why it cannot be what is wanted, in words; null: it can. */
  problem(wants: BoardWants): string | null {
    const { facts } = this;
    if (facts === null || this.protocol !== protocol.version) return versionProblem(this.protocol);
    return otherBoard(facts.id, wants.id) ?? inability(this.#able, wants);
  }

  /** What makes it what is wanted; nothing if it is so already. */
  commands(wants: BoardWants, newId: () => string): readonly HostCommand[] {
    const { id, leaseMs } = this.facts ?? { id: '', leaseMs: 0 };
    return settingCommands({ id, leaseMs, pins: this.#pins }, wants, newId);
  }
}
