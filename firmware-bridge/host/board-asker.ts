import type { Clock, Timer } from '../../src/host/clock.ts';
import { encodeCommand, nextSeq, type HostCommand } from './host-command.ts';

/** What a board said to a command; `silent`: nothing, in spite of all attempts. */
export type Answer =
  | { readonly kind: 'ack' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'err'; readonly reason: string };

/** How long an answer is waited for, and how often the command is sent. */
export interface Patience {
  readonly withinMs: number;
  readonly attempts: number;
  /** Says that it is not worth another attempt. */
  readonly isOver?: () => boolean;
}

interface Question {
  readonly seq: number;
  readonly line: string;
  readonly patience: Patience;
  readonly done: (answer: Answer) => void;
  attempts: number;
  timer: Timer | null;
}

/**
 * Asks a board one thing at a time. A line that is sent again is the same line with the same number: a board that has
 * carried it out already only says so again.
 */
export class BoardAsker {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  #seq = 0;
  #asked: Question | null = null;

  constructor(clock: Clock, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  get isFree(): boolean {
    return this.#asked === null;
  }

  /** Sends a command, and calls back once when it is answered, or not answered in time. */
  ask(command: HostCommand, patience: Patience, done: (answer: Answer) => void): void {
    this.#seq = nextSeq(this.#seq);
    const line = encodeCommand(this.#seq, command);
    const question = { seq: this.#seq, line, patience, done, attempts: 0, timer: null };
    this.#asked = question;
    this.#send(question);
  }

  /** Sends a command whose answer nobody waits for. */
  tell(command: HostCommand): void {
    this.#seq = nextSeq(this.#seq);
    this.#write(encodeCommand(this.#seq, command));
  }

  /** The board has answered a line; null: it could not read the number of the line. */
  answered(of: number | null, answer: Answer): void {
    const question = this.#asked;
    if (question === null) return;
    if (of === null) this.#again(question);
    else if (of === question.seq) this.#end(question, answer);
  }

  /** Forgets what was asked: nobody is called back. */
  stop(): void {
    this.#asked?.timer?.cancel();
    this.#asked = null;
  }

  #send(question: Question): void {
    question.attempts += 1;
    question.timer = this.#clock.after(question.patience.withinMs, () => this.#again(question));
    this.#write(question.line);
  }

  #again(question: Question): void {
    question.timer?.cancel();
    const { attempts, isOver } = question.patience;
    if (question.attempts < attempts && isOver?.() !== true) this.#send(question);
    else this.#end(question, { kind: 'silent' });
  }

  #end(question: Question, answer: Answer): void {
    question.timer?.cancel();
    this.#asked = null;
    question.done(answer);
  }
}
