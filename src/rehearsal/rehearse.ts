import { alertKey, type AlertEvent } from '../domain/alert.ts';
import type { Config } from '../domain/config.ts';
import { messageOf } from '../domain/error.ts';
import type { Act } from '../domain/act.ts';
import {
  alertRefText,
  momentText,
  type DiffLine,
  type Move,
  type Outcome,
  type Place,
  type SeenEvent,
  type TestScript,
  type TimelineEntry,
} from '../domain/rehearsal.ts';
import { createLog } from '../host/log.ts';
import { createDisk, noDisk, type Disk } from './disk.ts';
import { check, findAlert } from './expectations.ts';
import {
  startLimenInTest,
  type LastReading,
  type LimenInTest,
  type Taken,
} from './limen-in-test.ts';
import { Record } from './record.ts';
import { readingMessage } from './reading-message.ts';
import { compareCommands, compareEvents, compareFlags } from './sequence.ts';
import { actText, commandText, takenText, readingText } from './words.ts';
import { createVirtualClock, startMonotonicMs, type VirtualClock } from './virtual-clock.ts';

const silentLog = createLog(
  { write: () => undefined, isTerminal: false, hasColors: false, levelMin: 'error' },
  () => 0,
);

/** Runs one test: the same inputs as the live program gets, in virtual time. Never throws for what a test says. */
export function rehearse(config: Config, script: TestScript): Outcome {
  const clock = createVirtualClock();
  const hasRestart = script.moves.some(({ kind }) => kind === 'kill');
  const disk = hasRestart ? createDisk(clock.wallMs) : noDisk;
  try {
    return new Rehearsal(config, script, { clock, disk }).run();
  } finally {
    disk.remove();
  }
}

class Rehearsal {
  #config: Config;
  readonly #script: TestScript;
  readonly #disk: Disk;
  readonly #clock: VirtualClock;
  readonly #record: Record;
  readonly #lastReadings = new Map<string, LastReading>();
  #limen: LimenInTest | null = null;
  /** Other brokers that Limen has no link to. */
  readonly #lostBrokers = new Set<string>();
  #boots = 1;
  #isTrusted = true;
  /** How far the wall clock lags behind the true time since it was lost. */
  #lostMs = 0;
  #killedAtMs = 0;

  constructor(
    config: Config,
    script: TestScript,
    { clock, disk }: { readonly clock: VirtualClock; readonly disk: Disk },
  ) {
    this.#config = config;
    this.#script = script;
    this.#clock = clock;
    this.#disk = disk;
    this.#record = new Record(config.outputs);
  }

  run(): Outcome {
    const { name, line, column, moves, endMs } = this.#script;
    try {
      this.#start();
      for (const move of moves) {
        this.#goTo(move.atMs);
        this.#make(move);
      }
      this.#goTo(endMs);
      this.#compareSequences();
    } catch (error) {
      // A fault of Limen itself belongs to the test that brought it to light.
      this.#fail(this.#script, 'Limen', 'to go on', `failed: ${messageOf(error)}`);
    } finally {
      this.#limen?.kill();
    }
    return {
      name,
      line,
      column,
      spanMs: endMs,
      failures: this.#record.failures,
      timeline: this.#record.timeline,
      events: this.#record.events,
    };
  }

  get #nowMs(): number {
    return this.#clock.monotonicMs() - startMonotonicMs;
  }

  #start(): void {
    const bootId = `boot-${this.#boots}`;
    this.#limen = startLimenInTest({
      config: this.#config,
      clock: this.#clock,
      log: silentLog,
      bootId,
      isClockTrusted: this.#isTrusted,
      recovery: this.#disk.recover(bootId),
      recent: (query) => this.#disk.recent(query),
      lastReadings: this.#lastReadings,
      store: (group) => this.#disk.write(group),
      onAlert: (event, notify) => this.#onAlert(event, notify),
      onOutput: (status) => this.#record.output(this.#nowMs, status),
    });
    for (const broker of this.#lostBrokers) this.#limen.linkChanged(broker, false);
  }

  /** Time passes: whatever falls due on the way happens at its own time. */
  #goTo(testMs: number): void {
    const targetMs = startMonotonicMs + testMs;
    for (;;) {
      const dueMs = Math.min(this.#clock.nextDueMs ?? Infinity, this.#limen?.nextDueMs ?? Infinity);
      if (dueMs > targetMs) break;
      this.#clock.moveTo(Math.max(dueMs, this.#clock.monotonicMs()));
      this.#limen?.advance();
    }
    this.#clock.moveTo(targetMs);
  }

  #make(move: Move): void {
    const limen = this.#limen;
    if (move.kind === 'start') return this.#restart(move.clock);
    if (move.kind === 'clock') return this.#setClock(move.byMs);
    if (limen === null) {
      // Nobody listens; what else a test cannot do meanwhile was refused when it was read.
      if (move.kind === 'reading') this.#tell('reading', `${readingText(move)} is lost`);
      if (move.kind === 'link') this.#noteLink(move);
      return;
    }
    switch (move.kind) {
      case 'reading':
        return this.#read(limen, move);
      case 'payload': {
        this.#tell('payload', `${move.topic} ${JSON.stringify(move.text)}`);
        this.#tellTaken(limen.take(move));
        return;
      }
      case 'act':
        return this.#act(limen, move);
      case 'command':
        return this.#command(limen, move);
      case 'kill':
        this.#tell('limen', 'Limen is killed');
        this.#killedAtMs = this.#nowMs;
        limen.kill();
        this.#disk.release();
        this.#limen = null;
        return;
      case 'link':
        this.#noteLink(move);
        limen.linkChanged(move.broker, move.isUp);
        return;
      case 'reload':
        this.#tell('limen', 'another config goes into force');
        this.#config = move.config;
        this.#record.addOutputs(move.config.outputs);
        limen.reconfigure(move.config);
        return;
      case 'expect':
        return this.#expect(limen, move);
      default:
        move satisfies never;
    }
  }

  #read(limen: LimenInTest, move: Extract<Move, { kind: 'reading' }>): void {
    const { device, metric } = move;
    const wallMs = this.#clock.wallMs();
    const way = limen.routeTo(device, metric);
    const message = way === null ? null : readingMessage(way, move, wallMs);
    if (message === null) {
      const cure =
        way === null ? 'a topic, or a port, with its device' : 'a topic with {metric} for a unit';
      this.#fail(move, `${device}/${metric}`, `a source that brings it: ${cure}`, 'none');
      return;
    }
    this.#tell('reading', readingText(move));
    this.#tellTaken(limen.take(message));
  }

  #act(limen: LimenInTest, move: Extract<Move, { kind: 'act' }>): void {
    const { alert, several } = findAlert(move.alert, limen.alerts());
    const subject = `${actText(move.ask)} ${alertRefText(move.alert)}`;
    if (alert === null) {
      const found = several.map(alertKey).join(', ');
      this.#fail(move, subject, 'one alert', found === '' ? 'no such alert' : found);
      return;
    }
    const { rule, device, metric } = alert;
    const { ask, by, comment } = move;
    const asked: Act = { ...ask, alert: { rule, device, metric }, id: alert.id, by, comment };
    this.#tell('act', `${by}: ${subject}`);
    const verdict = limen.act(asked);
    this.#tellRefusal(move, subject, verdict.result === 'refused' ? verdict.reason : null);
  }

  #command(limen: LimenInTest, move: Extract<Move, { kind: 'command' }>): void {
    const { ask, output, by, comment } = move;
    const subject = commandText(ask, output);
    this.#tell('act', `${by}: ${subject}`);
    const refusal = limen.command({ ...ask, output, by, comment, sentAt: null, order: null });
    this.#tellRefusal(move, subject, refusal);
  }

  #tellRefusal(move: Place & { refused: boolean }, subject: string, refusal: string | null): void {
    if (refusal !== null) this.#tell('act', `refused: ${refusal}`);
    if ((refusal !== null) === move.refused) return;
    const actual = refusal === null ? 'done' : `refused: ${refusal}`;
    this.#fail(move, subject, move.refused ? 'refused' : 'done', actual);
  }

  #expect(limen: LimenInTest, move: Extract<Move, { kind: 'expect' }>): void {
    const engineMs = limen.engineMs();
    const offsetMs = limen.wallOffsetMs;
    const failures = check(move.expectation, {
      atMs: this.#nowMs,
      alerts: limen.alerts(),
      outputs: limen.outputs(),
      lastReadings: this.#lastReadings,
      notified: this.#record.notified,
      toTestMs: (wallMs) => this.#nowMs + (wallMs - offsetMs - engineMs),
    });
    for (const failure of failures) this.#record.fail(failure);
  }

  #noteLink({ broker, isUp }: Extract<Move, { kind: 'link' }>): void {
    if (isUp) this.#lostBrokers.delete(broker);
    else this.#lostBrokers.add(broker);
    this.#tell('limen', `the broker ${broker} is ${isUp ? 'there again' : 'lost'}`);
  }

  #restart(clock: 'known' | 'lost'): void {
    if (clock === 'lost') {
      // A board without a clock of its own goes on with the last time it saved.
      this.#boots += 1;
      const downMs = this.#nowMs - this.#killedAtMs;
      this.#lostMs += downMs;
      this.#clock.setWall(-downMs);
      this.#isTrusted = false;
    }
    this.#tell('limen', `Limen starts${clock === 'lost' ? ', the wall clock is not known' : ''}`);
    this.#start();
  }

  #setClock(byMs: number | 'found'): void {
    if (byMs === 'found') {
      this.#clock.setWall(this.#lostMs);
      this.#lostMs = 0;
      this.#isTrusted = true;
      this.#tell('limen', 'the wall clock is right again');
    } else {
      this.#clock.setWall(byMs);
      this.#tell('limen', `the wall clock is set by ${byMs < 0 ? '' : '+'}${momentText(byMs)}`);
    }
    this.#limen?.clockChanged(this.#isTrusted);
  }

  #onAlert(event: AlertEvent, notify: readonly string[]): void {
    // A timer's event carries the time it was due.
    const engineMs = this.#limen?.engineMs() ?? event.at;
    this.#record.alert(this.#nowMs + Math.min(0, event.at - engineMs), event, notify);
  }

  #compareSequences(): void {
    const { events, flags, commands, eventsPlace, flagsPlace, commandsPlace } = this.#script;
    const { events: seen, flags: seenFlags, commands: seenCommands } = this.#record;
    const isAsked = ({ rule }: SeenEvent): boolean => !this.#isIgnored(rule);
    const check = (place: Place, subject: string, diff: readonly DiffLine[] | null): void => {
      if (diff === null) return;
      this.#record.fail({ ...place, atMs: null, subject, differences: [], diff });
    };
    if (events !== null) check(eventsPlace, 'events', compareEvents(events, seen.filter(isAsked)));
    if (flags !== null) check(flagsPlace, 'flags', compareFlags(flags, seenFlags.filter(isAsked)));
    if (commands !== null)
      check(commandsPlace, 'commands', compareCommands(commands, seenCommands));
  }

  #isIgnored(rule: string): boolean {
    const { ignored } = this.#script;
    return ignored.includes(rule) || (ignored.includes('limen.*') && rule.startsWith('limen.'));
  }

  #tell(kind: TimelineEntry['kind'], text: string): void {
    this.#record.tell(this.#nowMs, kind, text);
  }

  #tellTaken(taken: Taken): void {
    const text = takenText(taken);
    if (text !== null) this.#tell('payload', text);
  }

  #fail(place: Place, subject: string, expected: string, actual: string): void {
    this.#record.failStep(this.#nowMs, place, subject, { expected, actual });
  }
}
