import { isUtf8 } from 'node:buffer';
import { decodeDecimal } from '../codecs/decimal.ts';
import { decodePayload, type Decoded, type Item } from '../codecs/payload.ts';
import type { SourceStatus } from '../domain/api.ts';
import type { AppliedCalibration, Calibration } from '../domain/calibration.ts';
import type { Source } from '../domain/config.ts';
import type { Engine } from '../domain/engine.ts';
import { lateFate } from '../domain/lateness.ts';
import { limits } from '../domain/limits.ts';
import { isName, isReservedName } from '../domain/name.ts';
import { pointName } from '../domain/point.ts';
import {
  historyOnlyFlag,
  lateFlag,
  qualityCodes,
  unsureTimeFlag,
  type Seq,
} from '../domain/reading.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { isCommandTopic } from '../domain/topic.ts';
import type { EngineTime } from './engine-time.ts';
import { inOrder, type DerivedPoint } from './derived.ts';
import type { Evidence } from './evidence.ts';
import { arrivalMs, noteGap, noteVia } from './habits.ts';
import type { Journal } from './journal.ts';
import type { PointRef, Points } from './points.ts';
import type { Quarantine } from './quarantine.ts';
import { SourceCounters } from './source-counters.ts';
import { compileTopicPattern, type TopicPattern } from './topic-pattern.ts';
import { ValueReader } from './value-reader.ts';

interface TopicSource {
  readonly broker: string;
  readonly pattern: TopicPattern;
  readonly counters: SourceCounters;
}

/** A topic whose messages are readings: its source, device and points, resolved once. */
export class Route {
  readonly topic: string;
  readonly counters: SourceCounters;
  readonly device: string;
  readonly metric: string | null;
  /** The point of a scalar payload. */
  scalar: PointRef | null = null;
  readonly #intake: Intake;

  constructor(
    intake: Intake,
    topic: string,
    counters: SourceCounters,
    device: string,
    metric: string | null,
  ) {
    this.#intake = intake;
    this.topic = topic;
    this.counters = counters;
    this.device = device;
    this.metric = metric;
  }

  /** Takes the payload that lies between `start` and `end`; the bytes are not kept. Returns the readings stored. */
  take(bytes: Buffer, start: number, end: number): number {
    return this.#intake.take(this, bytes, start, end, false);
  }

  /** Takes a message of the past: shown as last value, never an input of a rule. Of no bytes it is one deleted. */
  takeRetained(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    return this.#intake.take(this, bytes, 0, bytes.length, true);
  }
}

/** What the intake needs of its surroundings. */
export interface IntakeOptions {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly time: EngineTime;
  readonly points: Points;
  readonly quarantine: Quarantine;
  /** The way a point reports has something new to tell, or to store. */
  learned(point: PointRef): void;
  /** Told once of a setting that cannot work with what its points turned out to be. */
  problem(text: string): void;
}

/** Told of each stored reading while somebody watches; `quality` as it is stored, with its flags. */
export type ReadingWatcher = (
  point: PointRef,
  seq: Seq,
  atMs: WallMs,
  value: number,
  quality: number,
) => void;

const good = qualityCodes.good;
const suspect = qualityCodes.suspect;
const bad = qualityCodes.bad;
const stale = qualityCodes.stale;

/** The time of a payload, and whether it is the source's own. */
interface ItemTime {
  readonly atMs: WallMs;
  readonly isOwn: boolean;
}

/** Where a reading belongs: what is added to its stored quality, and which rules judge it. */
interface Place {
  readonly flags: number;
  readonly judge: 'all' | 'by_rule' | 'nobody';
}

const presentPlace: Place = { flags: 0, judge: 'all' };
const lateNewsPlace: Place = { flags: lateFlag, judge: 'by_rule' };
const latePlace: Place = { flags: lateFlag | historyOnlyFlag, judge: 'by_rule' };
const historyPlace: Place = { flags: lateFlag | historyOnlyFlag, judge: 'nobody' };
const retainedPlace: Place = { flags: historyOnlyFlag, judge: 'nobody' };

/**
 * Message → numbered readings: decodes, converts, checks, gives each reading its number and place in the journal, and
 * has the engine judge it. Synchronous; what cannot be read is counted and quarantined.
 */
export class Intake {
  /** null: nobody watches, and the hot path builds nothing for it. */
  watcher: ReadingWatcher | null = null;
  readonly #journal: Journal;
  readonly #engine: Engine;
  readonly #time: EngineTime;
  readonly #points: Points;
  readonly #quarantine: Quarantine;
  readonly #reader: ValueReader;
  readonly #learned: (point: PointRef) => void;
  readonly #problem: (text: string) => void;
  readonly #counters = new Map<string, SourceCounters>();
  #sources: TopicSource[] = [];
  readonly #ports = new Map<
    string,
    { readonly device: string; readonly counters: SourceCounters }
  >();
  #engineMs: EngineMs;
  #wallMs: WallMs;
  #via: string | null = null;
  /** What the clock adds to the stored quality: whether wall times are to be believed. */
  #clockFlag = 0;
  /** Whether nothing was taken yet since the time was stamped. */
  #isNewTime = true;
  #judgedTopic = '';
  #judgedBytes: Buffer | null = null;
  #judgedStart = 0;
  #judgedEnd = 0;
  #judgedCalibration: Calibration | null = null;
  /** Points of the present payload from which others are calculated. */
  readonly #touched: PointRef[] = [];
  readonly #calculated = new SourceCounters('expression');
  #calculating: DerivedPoint | null = null;
  /** What is taken is a measurement of Limen's own. */
  #isMeasured = false;

  constructor(options: IntakeOptions) {
    this.#journal = options.journal;
    this.#engine = options.engine;
    this.#time = options.time;
    this.#points = options.points;
    this.#quarantine = options.quarantine;
    this.#reader = new ValueReader(options.points, options.time);
    this.#learned = (point) => options.learned(point);
    this.#problem = (text) => options.problem(text);
    this.#engineMs = options.time.now();
    this.#wallMs = options.time.wallOf(this.#engineMs);
  }

  /** Takes over the sources of a config; counters of sources that stay are kept. */
  configure(sources: readonly Source[]): void {
    this.#sources = [];
    this.#ports.clear();
    for (const source of sources) {
      if (source.kind === 'serial' || source.kind === 'firmata') {
        const counters = this.#counters.get(source.path) ?? new SourceCounters(source.path);
        this.#counters.set(source.path, counters);
        this.#ports.set(source.path, { device: source.device, counters });
      }
      if (source.kind !== 'mqtt') continue;
      const name =
        source.broker === 'embedded' ? source.pattern : `${source.broker}:${source.pattern}`;
      const counters = this.#counters.get(name) ?? new SourceCounters(name);
      this.#counters.set(name, counters);
      this.#sources.push({
        broker: source.broker,
        pattern: compileTopicPattern(source.pattern),
        counters,
      });
    }
  }

  /** Counters of every source, in the order of the config. */
  statuses(): SourceStatus[] {
    const all = [...this.#counters.values()];
    if (this.#points.areSomeDerived || this.#calculated.accepted > 0) all.push(this.#calculated);
    return all.map((counters) => counters.status());
  }

  get acceptedCount(): number {
    return this.#sum((counters) => counters.accepted);
  }

  get storedCount(): number {
    return this.#sum((counters) => counters.stored);
  }

  /**
   * Stamps the time of the messages that follow: once per chunk of bytes, not per message. `via`: the client or the
   * broker that brings them; left out: the same as before.
   */
  begin(via: string | null = this.#via): void {
    this.#via = via;
    this.#engineMs = this.#time.now();
    this.#wallMs = this.#time.wallOf(this.#engineMs);
    this.#clockFlag = this.#time.trusted ? 0 : unsureTimeFlag;
    this.#isNewTime = true;
  }

  /** The route of a topic on a broker (`embedded` or a name); null: its messages are not readings. */
  route(broker: string, topic: string): Route | null {
    const levels = topic.split('/');
    if (isCommandTopic(levels)) return null;
    for (const source of this.#sources) {
      if (source.broker !== broker) continue;
      const match = source.pattern.match(levels);
      if (match !== null)
        return new Route(this, topic, source.counters, match.device, match.metric);
    }
    return null;
  }

  /** The route of a device at a serial port; null: no source names the port. */
  portRoute(path: string): Route | null {
    const found = this.#ports.get(path);
    return found === undefined ? null : new Route(this, path, found.counters, found.device, null);
  }

  /** Takes what a frame of a serial port says. Returns the readings stored. */
  takeFrame(route: Route, frame: Buffer, decoded: Decoded): number {
    if (this.#isNewTime) this.#fireDue();
    this.#judgedTopic = route.topic;
    this.#judgedBytes = frame;
    this.#judgedStart = 0;
    this.#judgedEnd = frame.length;
    const storedBefore = route.counters.stored;
    this.#takeDecoded(route, frame, decoded, false);
    const stored = route.counters.stored - storedBefore;
    const rows = this.#touched.length === 0 ? stored : stored + this.#calculateTouched();
    this.#judgedBytes = null;
    return rows;
  }

  /** Takes what Limen itself measures of a serial port, with what it rests on in words. Returns the readings stored. */
  takeMeasured(path: string, metric: string, value: number, text: string): number {
    const route = this.portRoute(path);
    if (route === null) return 0;
    const word = { kind: 'number', value } as const;
    const item = { metric, word, unit: null, quality: null, atMs: null };
    this.#isMeasured = true;
    const stored = this.takeFrame(route, Buffer.from(text), { ok: true, items: [item] });
    this.#isMeasured = false;
    return stored;
  }

  /** Evidence for the events that are emitted while a reading is judged; null outside of it. */
  evidence(): Evidence | null {
    const derived = this.#calculating;
    if (derived !== null) {
      const topic = `expression ${derived.expression.text}`;
      return { topic, text: derived.describe(this.#engine), base64: null, calibration: null };
    }
    const bytes = this.#judgedBytes;
    if (bytes === null) return null;
    const end = Math.min(this.#judgedEnd, this.#judgedStart + limits.evidenceBytesMax);
    const payload = bytes.subarray(this.#judgedStart, end);
    const text = isUtf8(payload) ? payload.toString('utf8') : null;
    return {
      topic: this.#judgedTopic,
      text,
      base64: text === null ? payload.toString('base64') : null,
      calibration: applied(this.#judgedCalibration),
    };
  }

  /** The road of one message. The short way is for a plain number of a point that is known. */
  take(route: Route, bytes: Buffer, start: number, end: number, retained: boolean): number {
    if (this.#isNewTime) this.#fireDue();
    this.#judgedTopic = route.topic;
    this.#judgedBytes = bytes;
    this.#judgedStart = start;
    this.#judgedEnd = end;
    const point = route.scalar;
    if (point !== null && point.kind === 'number' && !retained) {
      const value = decodeDecimal(bytes, start, end);
      // NaN, the sign of anything but a plain number, fails both comparisons.
      if (value >= point.low && value <= point.high) {
        route.counters.accepted++;
        this.#store(route.counters, point, value, NaN, good, this.#wallMs, presentPlace);
        const rows = point.dependents === null ? 1 : 1 + this.#calculate(point.dependents);
        this.#judgedBytes = null;
        return rows;
      }
    }
    const storedBefore = route.counters.stored;
    this.#takeAny(route, bytes.subarray(start, end), retained);
    const stored = route.counters.stored - storedBefore;
    const rows = this.#touched.length === 0 ? stored : stored + this.#calculateTouched();
    this.#judgedBytes = null;
    return rows;
  }

  /** What fell due before a message is not its work: the events must not carry it as their evidence. */
  #fireDue(): void {
    this.#isNewTime = false;
    const dueAt = this.#engine.nextDueAt;
    if (dueAt !== null && dueAt <= this.#engineMs) this.#engine.advance(this.#engineMs);
  }

  #takeAny(route: Route, bytes: Buffer, retained: boolean): void {
    this.#takeDecoded(route, bytes, decodePayload(bytes), retained);
  }

  #takeDecoded(route: Route, bytes: Buffer, decoded: Decoded, retained: boolean): void {
    if (!decoded.ok) {
      this.#reject(route, decoded.reason, bytes);
      return;
    }
    // All items of a payload have its time.
    const given = decoded.items[0]?.atMs ?? null;
    const isKept = given !== null && this.#isCredible(given);
    if (given !== null && !isKept && !retained) this.#noteTime(route, bytes);
    const time: ItemTime = { atMs: isKept ? given : this.#wallMs, isOwn: isKept };
    let read = 0;
    for (const item of decoded.items)
      if (this.#takeItem(route, item, time, bytes, retained)) read++;
    if (read === 0) this.#reject(route, 'no metric in the object', bytes);
  }

  /** Stores one item or rejects it; false: it says nothing and counts as nothing. */
  #takeItem(route: Route, item: Item, time: ItemTime, bytes: Buffer, retained: boolean): boolean {
    const metric = metricOf(route.metric, item.metric);
    if (!isName(route.device) || !isName(metric)) {
      this.#reject(route, 'a name that is empty, too long or has control characters', bytes);
      return true;
    }
    if (isReservedName(route.device) || (isReservedName(metric) && !this.#isMeasured)) {
      this.#reject(route, 'a name that only Limen gives', bytes);
      return true;
    }
    const { word } = item;
    if (word.kind === 'text' && !this.#points.takesText(route.device, metric)) {
      // Words between the numbers of an object are descriptions; a payload that is one word should be a value.
      if (item.metric !== null) return false;
      this.#reject(route, 'a word that no rule compares with', bytes);
      return true;
    }
    const point = this.#points.get(route.device, metric);
    if (point === null) {
      this.#reject(route, 'too many points', bytes);
      return true;
    }
    if (point.derived !== null) {
      this.#reject(route, 'a point that is calculated', bytes);
      return true;
    }
    if (item.metric === null) route.scalar = point;
    const { atMs } = time;
    const place = retained ? retainedPlace : this.#placeOf(route, point, time);
    if (place === null) return true;
    route.counters.accepted++;
    const { value, raw, reason, calibration } = this.#reader.read(point, item, atMs);
    this.#judgedCalibration = calibration;
    let quality: number = item.quality === null ? good : qualityCodes[item.quality];
    if (reason !== null) {
      quality = bad;
      this.#quarantine.add(route.counters.source, route.topic, reason, bytes, this.#wallMs);
    }
    if (retained && quality !== bad) quality = stale;
    this.#store(route.counters, point, value, raw, quality, atMs, place);
    if (place === presentPlace && point.dependents !== null) this.#touched.push(point);
    this.#judgedCalibration = null;
    return true;
  }

  /** Where a reading belongs by its own time; null: it is late, and its rules drop it. */
  #placeOf(route: Route, point: PointRef, { atMs, isOwn }: ItemTime): Place | null {
    // Without a time of its own it is of now.
    if (!isOwn) return presentPlace;
    const { counters } = route;
    const ageMs = this.#wallMs - atMs;
    const isLate = ageMs > point.lateFromMs;
    const newestAt = this.#engine.newestAt(point.index);
    const isNews = newestAt === null || atMs >= newestAt;
    if (isLate) counters.late++;
    else if (isNews) return presentPlace;
    else counters.outOfOrder++;
    const fate = lateFate(point.lateness, ageMs);
    switch (fate) {
      case 'judged':
        return isNews ? lateNewsPlace : latePlace;
      case 'history_only':
        return historyPlace;
      case 'dropped':
        counters.reject('late');
        return null;
    }
  }

  /** What follows from a payload follows from all of it: between two of its numbers there is no result. */
  #calculateTouched(): number {
    const touched = this.#touched.splice(0);
    return this.#calculate(inOrder(touched.flatMap((point) => point.dependents ?? [])));
  }

  /** Calculates points anew and stores them as readings of their own; returns how many. */
  #calculate(points: readonly DerivedPoint[]): number {
    const { stored } = this.#calculated;
    for (const derived of points) this.#calculateOne(derived);
    this.#calculating = null;
    return this.#calculated.stored - stored;
  }

  #calculateOne(derived: DerivedPoint): void {
    if (!derived.gather(this.#points, this.#engine)) return;
    const counters = this.#calculated;
    const point = this.#points.get(derived.device, derived.metric);
    if (point === null) {
      counters.reject('too many points');
      return;
    }
    counters.accepted++;
    this.#calculating = derived;
    derived.calculate(point);
    const { value, quality, atMs } = derived;
    if (derived.isAtFault) this.#noteFault(derived);
    this.#store(counters, point, value, NaN, quality, atMs, presentPlace);
  }

  #noteFault(derived: DerivedPoint): void {
    const name = pointName(derived);
    const reason = derived.reason ?? '';
    const sample = Buffer.from(derived.describe(this.#engine));
    this.#quarantine.add(this.#calculated.source, name, reason, sample, this.#wallMs);
    if (!derived.isMisfit || derived.isTold) return;
    derived.isTold = true;
    this.#problem(`${name} cannot be calculated: ${reason}`);
  }

  #store(
    counters: SourceCounters,
    point: PointRef,
    value: number,
    raw: number,
    quality: number,
    atMs: WallMs,
    { flags, judge }: Place,
  ): void {
    if (!point.declared) this.#points.learn(point, {});
    // Only a number settles the kind here: a state or true and false have said what they are.
    if (!point.settled && value === value) point.settled = true;
    const stored = quality | flags | this.#clockFlag;
    const seq = this.#journal.reading(point.index, this.#engineMs, atMs, value, raw, stored);
    counters.stored++;
    if (judge !== 'nobody') {
      if (judge === 'all')
        this.#engine.reading(seq, this.#engineMs, atMs, point.index, value, quality);
      else this.#engine.late(seq, this.#engineMs, atMs, point.index, value, quality);
      if (point.keepsEvidence) point.lastEvidence = { seq, evidence: this.evidence() };
    }
    if (this.watcher !== null) this.watcher(point, seq, atMs, value, stored);
    if (flags === 0 && quality <= suspect && !(this.#engineMs - point.arrivedAt < arrivalMs))
      this.#arrive(point);
  }

  /** The first usable reading for a second, or for hours. */
  #arrive(point: PointRef): void {
    // What is calculated comes when its inputs come, and they tell of their silence.
    if (point.derived !== null) return;
    const at = this.#engineMs;
    const gapMs = at - point.arrivedAt;
    point.arrivedAt = at;
    const { habit } = point;
    const isNewVia = noteVia(habit, this.#via);
    const isNewHabit = !Number.isNaN(gapMs) && noteGap(habit, gapMs, at);
    if (isNewVia || isNewHabit) this.#learned(point);
  }

  /** Whether a source time can be right, as far as a trusted clock can tell. */
  #isCredible(atMs: number): atMs is WallMs {
    const nowMs = this.#wallMs;
    return (
      this.#time.trusted &&
      atMs >= nowMs - limits.sourceTimePastMs &&
      atMs <= nowMs + limits.sourceTimeFutureMs
    );
  }

  /** The time of arrival takes the place of the source's: its readings are good, and what it said is kept to be seen. */
  #noteTime({ counters, topic }: Route, bytes: Buffer): void {
    counters.timesRefused++;
    // While Limen's own clock is not trusted it cannot blame the source.
    if (!this.#time.trusted) return;
    const reason = 'a source time that cannot be right';
    this.#quarantine.add(counters.source, topic, reason, bytes, this.#wallMs);
  }

  #reject(route: Route, reason: string, bytes: Buffer): void {
    const { counters } = route;
    counters.reject(reason);
    this.#quarantine.add(counters.source, route.topic, reason, bytes, this.#wallMs);
  }

  #sum(of: (counters: SourceCounters) => number): number {
    let sum = 0;
    for (const counters of this.#counters.values()) sum += of(counters);
    return sum + of(this.#calculated);
  }
}

/** Nested metrics join with a dot; a payload that names none under a topic that names none is called `value`. */
function metricOf(fromTopic: string | null, fromPayload: string | null): string {
  if (fromPayload === null) return fromTopic ?? 'value';
  return fromTopic === null ? fromPayload : `${fromTopic}.${fromPayload}`;
}

function applied(calibration: Calibration | null): AppliedCalibration | null {
  if (calibration === null) return null;
  const { fromMs, scale, offset } = calibration;
  return { from_at: fromMs, scale, offset };
}
