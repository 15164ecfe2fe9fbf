import type { BoardFacts } from '../../src/domain/board.ts';
import type { OutputLevel } from '../../src/domain/output.ts';
import type { Clock, Timer } from '../../src/host/clock.ts';
import { BoardAsker, type Answer } from './board-asker.ts';
import { BoardIntroduction } from './board-introduction.ts';
import type { BoardMessage } from './board-message.ts';
import { BoardReadings, type BoardReading } from './board-readings.ts';
import { levelAt, shownBy, type BoardWants } from './board-settings.ts';
import { BoardStream, type BoardCounts } from './board-stream.ts';
import {
  inWords,
  isPassing,
  leaseLost,
  refusalOf,
  speechless,
  unanswered,
  versionProblem,
  type MessageOf,
} from './board-words.ts';
import type { HostCommand } from './host-command.ts';
import { PinCommands } from './pin-commands.ts';
import { protocol, type Level, type PinName } from './protocol.ts';

/** Told of what becomes of a board. */
export interface BoardSessionListener {
  /** It answers, has its settings, and every driven pin is at its safe level. */
  up(facts: BoardFacts): void;
  /** Nothing holds any more that was commanded; told anew only if it was up or the reason is another. */
  down(problem: string): void;
  /** `text`: the line it came in. */
  reading(reading: BoardReading, text: string): void;
  /** What a driven pin shows, read back; null: the board does not say. */
  shows(pin: PinName, level: OutputLevel | null): void;
  refused(pin: PinName, problem: string): void;
}

export interface BoardSessionOptions {
  readonly clock: Clock;
  readonly wants: BoardWants;
  readonly listener: BoardSessionListener;
  /** Sends a line; one that cannot go at once is lost. */
  write(line: string): void;
  /** 0 to 1. */
  random(): number;
}

type State =
  /** There is no line. */
  | 'closed'
  /** The board starts, or does not answer. */
  | 'waiting'
  | 'greeting'
  | 'setting'
  /** All is said; its outputs have still to show their safe level. */
  | 'settling'
  | 'up'
  /** It is not what is wanted; nothing helps but another board or another config. */
  | 'refused';

const lookMs = 250;
/** The boot loader of an Uno takes up to two seconds. */
const bootMs = 2_500;
const greetAgainMs = 1_000;
const silentMs = 3_500;
const settleWithinMs = 1_500;
const livesWithinMsMax = 2_000;
/** A bad line fails in one way and another, many times a minute: so often it is told how. */
const failuresEveryMs = 60_000;

const patience = {
  hello: { withinMs: 1_000, attempts: 1 },
  setting: { withinMs: 500, attempts: 4 },
  /** Every byte of the memory takes 3.3 ms. */
  save: { withinMs: 3_000, attempts: 2 },
  beat: { withinMs: 200, attempts: 5 },
} as const;

/**
 * The host's side of one board, over all its connections: greets it, gives it its settings, keeps its lease alive while
 * Limen's own engine is, and sends levels. One line is on its way at a time. After a silence, a reset or a lost line the
 * greeting begins anew, and nothing of before is sent again.
 */
export class BoardSession {
  readonly #clock: Clock;
  readonly #listener: BoardSessionListener;
  readonly #random: () => number;
  readonly #asker: BoardAsker;
  #wants: BoardWants;
  #readings: BoardReadings;
  #stream: BoardStream;
  #state: State = 'closed';
  #problem: string | null = null;
  #failureToldAtMs = -Infinity;
  #number: number;
  #timer: Timer | null = null;
  #greetAtMs = 0;
  #heardAtMs = 0;
  /** The board's clock at the last thing it said. */
  #boardMs = 0;
  #hasSpoken = false;
  readonly #introduction = new BoardIntroduction();
  /** Lines that were lost before the greeting. */
  #lostBefore = 0;
  #commands: HostCommand[] = [];
  /** What the outputs have to show before it is up. */
  #settledBy: MessageOf<'out'>['reason'] = 'hello';
  readonly #shown = new Map<PinName, Level>();
  #settleUntilMs = 0;
  /** The last readings of the time before its settings were known. */
  readonly #early = new Map<PinName, readonly [MessageOf<'analog' | 'in' | 'count'>, string]>();
  #beatAtMs = 0;
  #livesAtMs = -Infinity;
  readonly #lastSeqs = new Map<PinName, number>();
  readonly #pinCommands: PinCommands;

  constructor({ clock, wants, listener, write, random }: BoardSessionOptions) {
    this.#clock = clock;
    this.#listener = listener;
    this.#wants = wants;
    this.#random = random;
    this.#asker = new BoardAsker(clock, write);
    this.#readings = new BoardReadings(wants.reads);
    this.#number = Math.floor(random() * sessionsMax);
    this.#stream = this.#newStream();
    this.#pinCommands = new PinCommands({
      clock,
      asker: this.#asker,
      boardTime: (ms) => Math.floor(this.#boardMs + (ms - this.#heardAtMs)) % clockMs,
      shows: (pin, level) => listener.shows(pin, level),
      refused: (pin, problem) => listener.refused(pin, problem),
      free: () => this.#pump(),
      failed: (problem) => this.#fail(problem, 0),
    });
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Why it is not up; null: it is, or it was not tried long enough. */
  get problem(): string | null {
    return this.#problem;
  }

  get counts(): BoardCounts {
    return this.#stream.counts;
  }

  /** What is known of the board; null: it has not said who it is. */
  get facts(): BoardFacts | null {
    return this.#introduction.facts;
  }

  /** The line is open. An Uno is reset by that, and takes its time. */
  opened(): void {
    this.#forget();
    this.#stream = this.#newStream();
    this.#state = 'waiting';
    this.#hasSpoken = false;
    this.#failureToldAtMs = -Infinity;
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#greetAtMs = this.#heardAtMs + bootMs;
    this.#timer ??= this.#clock.after(lookMs, () => this.#look());
  }

  /** The line is gone. */
  closed(problem: string): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#forget();
    const wasUp = this.#state === 'up';
    this.#state = 'closed';
    this.#tellDown(problem, wasUp);
  }

  /** Bytes from the board, in any split. */
  push(bytes: Uint8Array): void {
    if (this.#state !== 'closed') this.#stream.push(bytes);
  }

  /** What is wanted is something else: the board goes safe, and comes up with it. */
  configure(wants: BoardWants): void {
    if (JSON.stringify(wants) === JSON.stringify(this.#wants)) return;
    this.#wants = wants;
    this.#readings = new BoardReadings(wants.reads);
    // Where it has not been greeted yet, it is with these.
    if (this.#state === 'closed' || this.#state === 'waiting') return;
    this.#fail('it gets other settings', 0);
    this.#timer?.cancel();
    this.#look();
  }

  /** Limen's engine has proved that it lives: only then is the lease of a board renewed. */
  lives(): void {
    this.#livesAtMs = this.#clock.monotonicMs();
  }

  /**
   * Sets a device to a level, while the board is up and before a moment of the monotonic clock. A number below the last
   * one has no effect.
   */
  drive(pin: PinName, level: OutputLevel, seq: number, untilMs: number): void {
    const driven = this.#wants.drives.find((each) => each.pin === pin);
    if (this.#state !== 'up' || driven === undefined) return;
    if (seq < (this.#lastSeqs.get(pin) ?? 0)) return;
    this.#lastSeqs.set(pin, seq);
    this.#pinCommands.want(pin, { level: levelAt(driven, level), untilMs });
    this.#pump();
  }

  /** The last words: the board goes safe at once. */
  end(): void {
    if (this.#state === 'closed') return;
    this.#forget();
    this.#asker.tell({ kind: 'bye' });
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#timer = null;
  }

  // --- What the board says ---

  #newStream(): BoardStream {
    return new BoardStream(
      (message, text) => this.#take(message, text),
      () => this.#restarted(),
    );
  }

  #restarted(): void {
    this.#readings.restarted();
    this.#introduction.forget();
    this.#fail('it began anew', 0);
  }

  #take(message: BoardMessage, text: string): void {
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#boardMs = message.ms;
    this.#hasSpoken = true;
    this.#introduction.take(message);
    switch (message.kind) {
      case 'hello':
      case 'can':
      case 'pin':
        break;
      case 'analog':
      case 'in':
      case 'count':
        this.#takeReading(message, text);
        break;
      case 'out':
        this.#takeOut(message);
        break;
      case 'beat':
        this.#takeBeat(message);
        break;
      case 'ack':
        this.#asker.answered(message.of, { kind: 'ack' });
        break;
      case 'err':
        this.#asker.answered(message.of, { kind: 'err', reason: message.reason });
        break;
      default:
        message satisfies never;
    }
    if (this.#state === 'waiting' && this.#isTimeToGreet(message)) this.#greet();
  }

  // Its own greeting says that it has just started, and is ready.
  #isTimeToGreet({ kind }: BoardMessage): boolean {
    return kind === 'hello' || this.#heardAtMs >= this.#greetAtMs;
  }

  // With other settings a number would mean something else: whether it has them is known after its greeting.
  #takeReading(message: MessageOf<'analog' | 'in' | 'count'>, text: string): void {
    if (this.#state === 'greeting') this.#early.set(message.pin, [message, text]);
    if (this.#state !== 'settling' && this.#state !== 'up') return;
    for (const reading of this.#readings.of(message)) this.#listener.reading(reading, text);
  }

  #takeOut({ pin, level, reason }: MessageOf<'out'>): void {
    const driven = this.#wants.drives.find((each) => each.pin === pin);
    if (driven === undefined) return;
    if (this.#state === 'up') {
      if (reason === 'command') this.#pinCommands.readBack(pin);
      this.#listener.shows(pin, shownBy(driven, level));
    } else if (reason === this.#settledBy) {
      this.#shown.set(pin, level);
      this.#settle();
    }
  }

  #takeBeat(beat: MessageOf<'beat'>): void {
    const isOurs = this.#state === 'setting' || this.#state === 'settling' || this.#state === 'up';
    if (!isOurs || beat.session === this.#number) return;
    this.#fail(beat.session === 0 ? leaseLost : 'another program has taken it over', 0);
  }

  // --- Greeting, settings, up ---

  #greet(): void {
    this.#forget();
    this.#state = 'greeting';
    this.#number = (this.#number % sessionsMax) + 1;
    this.#introduction.askedAnew();
    this.#shown.clear();
    this.#settledBy = 'hello';
    this.#lostBefore = this.#stream.counts.lost;
    const hello = { kind: 'hello', session: this.#number } as const;
    this.#asker.ask(hello, patience.hello, (answer) => this.#greeted(answer));
  }

  #greeted(answer: Answer): void {
    if (answer.kind === 'err' && answer.reason === 'version') {
      this.#refuse(versionProblem(this.#introduction.protocol));
    } else if (answer.kind !== 'ack') {
      this.#fail(this.#hasSpoken ? unanswered : speechless, greetAgainMs);
    } else if (this.facts === null || this.#stream.counts.lost !== this.#lostBefore) {
      // What it said of itself has holes.
      this.#fail('lines of its greeting were lost', lookMs);
    } else this.#judge();
  }

  #judge(): void {
    const problem = this.#introduction.problem(this.#wants);
    if (problem !== null) {
      this.#asker.tell({ kind: 'bye' });
      this.#refuse(problem);
      return;
    }
    this.#commands = [...this.#introduction.commands(this.#wants, () => this.#newId())];
    this.#state = 'setting';
    if (this.#commands.length > 0) {
      this.#early.clear();
      this.#shown.clear();
      this.#settledBy = 'settings';
    }
    this.#beatAtMs = this.#clock.monotonicMs();
    this.#pump();
  }

  #give(command: HostCommand): void {
    const how = command.kind === 'save' ? patience.save : patience.setting;
    this.#asker.ask(command, how, (answer) => {
      if (answer.kind === 'silent') this.#fail(unanswered, 0);
      else if (answer.kind === 'err') this.#answeredSetting(command, answer.reason);
      else {
        this.#introduction.taken(command);
        this.#pump();
      }
    });
  }

  #answeredSetting(command: HostCommand, reason: string): void {
    if (isPassing(reason))
      this.#fail(`it refused ${command.kind}: ${inWords(reason)}`, greetAgainMs);
    else {
      this.#asker.tell({ kind: 'bye' });
      this.#refuse(`it refused the setting ${settingText(command)}: ${inWords(reason)}`);
    }
  }

  // Its outputs are told one after the other, before or after the answer.
  #settle(): void {
    if (this.#state !== 'settling') return;
    if (!this.#wants.drives.every(({ pin }) => this.#shown.has(pin))) return;
    const { facts } = this;
    if (facts === null) return;
    this.#state = 'up';
    this.#problem = null;
    this.#listener.up(facts);
    for (const driven of this.#wants.drives) {
      const level = this.#shown.get(driven.pin);
      if (level !== undefined) this.#listener.shows(driven.pin, shownBy(driven, level));
    }
    this.#pump();
  }

  // --- What is sent ---

  #pump(): void {
    if (!this.#asker.isFree) return;
    if (this.#state !== 'setting' && this.#state !== 'settling' && this.#state !== 'up') return;
    if (this.#isBeatDue) {
      this.#sendBeat();
      return;
    }
    if (this.#state === 'setting') {
      const command = this.#commands.shift();
      if (command !== undefined) {
        this.#give(command);
        return;
      }
      this.#state = 'settling';
      this.#settleUntilMs = this.#clock.monotonicMs() + settleWithinMs;
      for (const [message, text] of this.#early.values()) this.#takeReading(message, text);
      this.#settle();
    } else if (this.#state === 'up') this.#pinCommands.sendNext();
  }

  get #isBeatDue(): boolean {
    const nowMs = this.#clock.monotonicMs();
    const livesWithinMs = Math.min(livesWithinMsMax, this.#wants.leaseMs / 2);
    return nowMs >= this.#beatAtMs && nowMs - this.#livesAtMs < livesWithinMs;
  }

  #noteBeat(): void {
    const everyMs = Math.min(protocol.beatEveryMs, this.#wants.leaseMs / 4);
    this.#beatAtMs = this.#clock.monotonicMs() + everyMs;
  }

  #sendBeat(): void {
    this.#noteBeat();
    this.#asker.ask({ kind: 'beat' }, patience.beat, (answer) => {
      if (answer.kind === 'silent') this.#fail(unanswered, 0);
      else if (answer.kind === 'err') this.#fail(refusalOf('a heartbeat', answer.reason), 0);
      else this.#pump();
    });
  }

  // --- Time, and what goes wrong ---

  #look(): void {
    this.#timer = this.#clock.after(lookMs, () => this.#look());
    const nowMs = this.#clock.monotonicMs();
    const { isFree } = this.#asker;
    if (this.#state !== 'waiting' && nowMs - this.#heardAtMs > silentMs) {
      const silence = `it has said nothing for ${silentMs / 1000} s`;
      this.#fail(this.#hasSpoken ? silence : speechless, greetAgainMs);
    } else if (this.#state === 'waiting' && nowMs >= this.#greetAtMs) this.#greet();
    else if (this.#state === 'settling' && nowMs >= this.#settleUntilMs) {
      this.#fail('it does not say what its outputs show', 0);
    } else if (isFree) {
      this.#pinCommands.look(nowMs);
      this.#pump();
    } else if (this.#state === 'setting' && this.#isBeatDue) {
      // A save takes a second; the lease must not run out over it.
      this.#noteBeat();
      this.#asker.tell({ kind: 'beat' });
    }
  }

  /** Begins anew with a greeting after a while. */
  #fail(problem: string, afterMs: number): void {
    const wasUp = this.#state === 'up';
    this.#forget();
    this.#state = 'waiting';
    const nowMs = this.#clock.monotonicMs();
    this.#greetAtMs = nowMs + afterMs;
    if (!wasUp && nowMs - this.#failureToldAtMs < failuresEveryMs) return;
    this.#failureToldAtMs = nowMs;
    this.#tellDown(problem, wasUp);
  }

  #refuse(problem: string): void {
    this.#forget();
    this.#state = 'refused';
    this.#tellDown(problem, false);
  }

  #tellDown(problem: string, wasUp: boolean): void {
    if (!wasUp && this.#problem === problem) return;
    this.#problem = problem;
    this.#listener.down(problem);
  }

  /** What was asked and commanded is over, sent or not. */
  #forget(): void {
    this.#asker.stop();
    this.#commands = [];
    this.#early.clear();
    this.#lastSeqs.clear();
    this.#pinCommands.clear();
  }

  #newId(): string {
    const number = 1 + Math.floor(this.#random() * (clockMs - 1));
    return number.toString(16).toUpperCase().padStart(8, '0');
  }
}

const sessionsMax = 65_535;
const clockMs = 2 ** 32;
function settingText(command: HostCommand): string {
  return command.kind === 'pin' ? `of pin ${command.pin}` : command.kind;
}
