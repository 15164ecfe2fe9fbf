import { gather, gatherQuery } from '../../../src/channel/gather.ts';
import { engineSnapshot, pointMemories, type AlertRow } from '../../../src/channel/recover.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { alertFacts, alertKey, isShown, type AlertEvent } from '../../../src/domain/alert.ts';
import type { Config } from '../../../src/domain/config.ts';
import type { Engine, EngineInput, PointMemory } from '../../../src/domain/engine.ts';
import type { Projection } from '../../../src/domain/group.ts';
import type { RowKind } from '../../../src/domain/journal.ts';
import { limits } from '../../../src/domain/limits.ts';
import { pointName, type Point, type PointIndex } from '../../../src/domain/point.ts';
import {
  historyOnlyFlag,
  lateFlag,
  qualityCodes,
  qualityOf,
  restampedFlag,
  type Seq,
} from '../../../src/domain/reading.ts';
import type { EngineMs, WallMs } from '../../../src/domain/time.ts';
import { inputKinds, storedInput, type StartedRow } from '../../../src/rehearsal/stored-inputs.ts';
import { createEngine } from '../../../src/rules/engine.ts';
import { readJournal, type EntryRow, type ReadingRow, type Row } from './journal.ts';

/** What came of a replay. */
export interface Replayed {
  readonly rows: number;
  /** Of these, what came from outside: readings, acts, configs, clock, sources, starts. */
  readonly inputs: number;
  readonly days: number;
  readonly starts: number;
  readonly configs: number;
  readonly clockSteps: number;
  /** Alert events that were stored, and of them those that the replay gave byte for byte. */
  readonly stored: number;
  readonly same: number;
  /** Causes of stored events that are not on disk with them. */
  readonly causesMissing: number;
  /** By reason of the event. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Where the replay first went another way; null: nowhere. */
  readonly difference: string | null;
}

/**
 * Reads the files that another process left, and gives every input in them to a new engine: the same code, nothing
 * else of the program. Each run of the program is gone on with from the memory of the last events, as a start does.
 */
export function replayJournal(directory: string): Replayed {
  const { rows, days } = readJournal(directory);
  const replay = new JournalReplay(rows);
  replay.run();
  return { rows: rows.length, days, ...replay.outcome() };
}

const inputs: ReadonlySet<string> = new Set(inputKinds);

class JournalReplay {
  readonly #rows: readonly Row[];
  /** Stored alert events that an engine made, by number. */
  readonly #stored = new Map<number, EntryRow>();
  /** Numbers that something else has. */
  readonly #taken = new Set<number>();
  /** Rows of a config that a start began with, by the number of the config: the number of the start. */
  readonly #starts = new Map<number, EntryRow>();
  readonly #points = new Map<number, Point>();
  readonly #heard: ReadingRow[] = [];
  /** The last row of each kind and key, as a start finds them. */
  readonly #projections = new Map<string, Projection>();
  readonly #reasons = new Map<string, number>();
  readonly #configs = new Set<string>();
  #memories: readonly PointMemory[] = [];
  #engine: Engine;
  #config: Config | null = null;
  #begun: { readonly row: EntryRow; readonly start: EntryRow } | null = null;
  #configSeq = 0;
  #wallOffsetMs = 0;
  #cursor = 0;
  #same = 0;
  #clockSteps = 0;
  #difference: string | null = null;

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
    this.#engine = this.#newEngine();
    let config: EntryRow | null = null;
    for (const row of rows) {
      if (row.kind === 'entry' && row.entry === 'alert' && !isDrill(row)) {
        this.#stored.set(row.seq, row);
        continue;
      }
      this.#taken.add(row.seq);
      if (row.kind !== 'entry') continue;
      if (row.entry === 'config') config = row;
      if (row.entry === 'started' && config !== null) this.#starts.set(config.seq, row);
    }
  }

  run(): void {
    for (const row of this.#rows) {
      if (this.#difference !== null) return;
      if (row.kind === 'entry' && row.entry === 'config') this.#takeConfig(row);
      else if (row.kind === 'entry' && inputs.has(row.entry)) this.#takeInput(row);
      else if (row.kind === 'reading') this.#takeReading(row);
    }
    this.#catchUp(Infinity);
    const missing = [...this.#stored.values()].find(({ seq }) => seq > this.#cursor);
    if (missing !== undefined) this.#differ(missing.seq, 'the replay ends before it');
  }

  outcome(): Omit<Replayed, 'rows' | 'days'> {
    return {
      inputs: this.#rows.filter(isInput).length,
      starts: this.#starts.size,
      configs: this.#configs.size,
      clockSteps: this.#clockSteps,
      stored: this.#stored.size,
      same: this.#same,
      causesMissing: this.#causesMissing(),
      reasons: this.#reasons,
      difference: this.#difference,
    };
  }

  #causesMissing(): number {
    let missing = 0;
    for (const { body } of this.#stored.values()) {
      const { cause } = JSON.parse(body) as AlertRow;
      missing += cause.filter((seq) => !this.#taken.has(seq) && !this.#stored.has(seq)).length;
    }
    return missing;
  }

  #newEngine(): Engine {
    return createEngine({
      nextSeq: () => this.#nextSeq(),
      emit: (event) => this.#compare(event),
    });
  }

  // Numbers that the program gave to something else are passed over, as they were then.
  #nextSeq(): Seq {
    let seq = this.#cursor + 1;
    while (this.#taken.has(seq)) seq += 1;
    return seq as Seq;
  }

  #compare(event: AlertEvent): void {
    const { alert } = event;
    this.#cursor = alert.seq;
    const isKept = event.kind !== 'condition' || isShown(alert);
    const stored = this.#stored.get(alert.seq);
    if (!isKept) {
      if (stored !== undefined) this.#differ(alert.seq, 'the replay keeps nothing of it');
      return;
    }
    if (stored === undefined) {
      this.#differ(alert.seq, `is not stored: ${alertKey(alert)} ${event.reason}`);
      return;
    }
    // The names of whom it told and the raw bytes are no conclusions of the engine.
    const found = JSON.parse(stored.body) as AlertRow;
    const row: AlertRow = {
      ...found,
      kind: event.kind,
      at: event.at,
      from: event.from,
      to: event.to,
      reason: event.reason,
      cause: event.cause,
      point: event.point,
      drill: event.drill,
      shown: alertFacts(alert),
      memory: event.memory,
      compared: this.#engine.compared(alert),
      config: this.#configSeq as Seq,
    };
    const text = JSON.stringify(row);
    // What is left out of one must not be taken over from the other.
    const told = [event.notice, event.hushed];
    const isTold = JSON.stringify(told) === JSON.stringify([found.notice, found.hushed]);
    if (!isTold) this.#differ(alert.seq, `\n${stored.body}\ntells ${JSON.stringify(told)}`);
    if (text !== stored.body) this.#differ(alert.seq, `\n${stored.body}\n${text}`);
    else this.#same += 1;
    this.#reasons.set(event.reason, (this.#reasons.get(event.reason) ?? 0) + 1);
    this.#project(alert.seq, 'alert', alertKey(alert), found);
  }

  #project(seq: number, kind: RowKind, key: string, body: unknown): void {
    this.#projections.set(`${kind} ${key}`, { seq: seq as Seq, kind, key, body });
  }

  #differ(seq: number, what: string): void {
    this.#difference ??= `event ${seq} ${what}`;
  }

  // Timers that the program fired by its clock before it wrote this row: their events have numbers before it.
  #catchUp(seq: number): void {
    while (this.#hasFree(seq)) {
      const due = this.#engine.nextDueAt;
      if (due === null) return;
      const before = this.#cursor;
      this.#engine.advance(due);
      if (this.#cursor === before && this.#engine.nextDueAt === due) return;
    }
  }

  #hasFree(seq: number): boolean {
    if (seq !== Infinity) return this.#nextSeq() < seq;
    for (const stored of this.#stored.keys()) if (stored > this.#cursor) return true;
    return false;
  }

  #takeConfig(row: EntryRow): void {
    const start = this.#starts.get(row.seq);
    const { text, hash } = JSON.parse(row.body) as { text: string; hash: string };
    this.#configs.add(hash);
    if (start === undefined) this.#catchUp(row.seq);
    else this.#end(row.seq);
    this.#cursor = row.seq;
    this.#configSeq = row.seq;
    const config = readConfig(text);
    this.#config = config;
    if (start !== undefined) {
      this.#begun = { row, start };
      this.#restore(start);
    }
    const { rules, points, ownRules } = config;
    this.#accept(row, { kind: 'config', rules, points, ownRules });
  }

  // The program was gone before this row: what its timers did until then is on disk.
  #end(seq: number): void {
    for (const stored of this.#stored.keys()) {
      if (stored <= this.#cursor || stored >= seq) continue;
      while (this.#cursor < stored && this.#engine.nextDueAt !== null)
        this.#engine.advance(this.#engine.nextDueAt);
    }
    this.#memories = [...this.#points.keys()].flatMap((index) => {
      const memory = this.#engine.pointMemory(index as PointIndex);
      return memory === null || memory.seq === null ? [] : [memory];
    });
  }

  #restore(start: EntryRow): void {
    const points = this.#knownPoints();
    const { wall_offset_ms: wallOffsetMs } = startedBody(start);
    this.#engine = this.#newEngine();
    this.#engine.restore(
      engineSnapshot(
        {
          points,
          pointMemories: pointMemories({ points, pointMemories: this.#memories }),
          projections: [...this.#projections.values()],
        },
        wallOffsetMs,
      ),
    );
  }

  #knownPoints(): Point[] {
    return [...this.#points.values()].toSorted((a, b) => a.index - b.index);
  }

  #takeInput(row: EntryRow): void {
    this.#followWall(row);
    this.#catchUp(row.seq);
    this.#cursor = row.seq;
    if (this.#begun !== null && row.entry !== 'point') this.#prepareStart(this.#begun);
    if (row.entry === 'clock') this.#clockSteps += 1;
    const kind = row.entry as RowKind;
    const body: unknown = JSON.parse(row.body);
    if (kind === 'learned') this.#project(row.seq, kind, row.key, body);
    const stored = { ...row, seq: row.seq as Seq, engineMs: row.at as EngineMs, kind, body };
    const input = storedInput({ ...stored, atMs: row.at as WallMs }, () => this.#configured());
    if (input === null) throw new Error(`a row of kind ${kind} is no input`);
    if (input.kind === 'point') this.#points.set(input.point.index, input.point);
    this.#accept(row, input);
  }

  #configured(): Config {
    if (this.#config === null) throw new Error('there was no config before');
    return this.#config;
  }

  #followWall(row: EntryRow): void {
    const { entry, body } = row;
    if (entry === 'started') this.#wallOffsetMs = startedBody(row).wall_offset_ms;
    if (entry === 'clock') {
      this.#wallOffsetMs = (JSON.parse(body) as { wallOffsetMs: number }).wallOffsetMs;
    }
  }

  // After the points that came with the config, before anything else.
  #prepareStart(begun: { readonly row: EntryRow; readonly start: EntryRow }): void {
    this.#begun = null;
    const config = this.#configured();
    const newest = new Map(this.#knownPoints().map((point) => [pointName(point), point]));
    for (const point of newest.values()) this.#accept(begun.row, { kind: 'point', point });
    const { elapsed_ms: elapsedMs } = startedBody(begun.start);
    const before = this.#lastStamp(begun.row.seq);
    const startedAt = Math.ceil(before === null ? begun.row.at : before + (elapsedMs ?? 0));
    const query = gatherQuery(config.rules, [...newest.values()], startedAt as EngineMs);
    if (query === null) return;
    const since = new Map<number, number>(query.since);
    const first = this.#heard.findIndex(({ seq }) => seq > begun.row.seq - limits.recentRowsMax);
    const found = first < 0 ? [] : this.#heard.slice(first);
    const wanted = found.filter(({ point, at }) => at >= (since.get(point) ?? Infinity));
    gather(this.#engine, {
      points: Uint32Array.from(wanted, ({ point }) => point),
      engineMs: Float64Array.from(wanted, ({ at }) => at),
      values: Float64Array.from(wanted, ({ value }) => value),
      lateAtMs: Float64Array.from(wanted, ({ quality, atMs }) => (quality & lateFlag ? atMs : NaN)),
      news: Uint8Array.from(wanted, ({ quality }) => (quality & historyOnlyFlag ? 0 : 1)),
    });
  }

  #lastStamp(seq: number): number | null {
    const stamp = this.#rows.findLast((row) => row.kind === 'stamp' && row.seq < seq);
    return stamp?.at ?? null;
  }

  #takeReading(row: ReadingRow): void {
    if ((row.quality & historyOnlyFlag) !== 0 && !isLate(row)) return;
    this.#catchUp(row.seq);
    this.#cursor = row.seq;
    const quality = qualityCodes[qualityOf(row.quality)];
    if (quality <= qualityCodes.suspect && !Number.isNaN(row.value)) this.#heard.push(row);
    // As the engine saw it, before the clock was known.
    const isRestamped = (row.quality & restampedFlag) !== 0;
    const atMs = isRestamped ? row.at + this.#wallOffsetMs : row.atMs;
    const give = isLate(row) ? this.#engine.late : this.#engine.reading;
    give.call(
      this.#engine,
      row.seq as Seq,
      row.at as EngineMs,
      atMs as WallMs,
      row.point as PointIndex,
      row.value,
      quality,
    );
  }

  #accept(row: EntryRow, input: EngineInput): void {
    this.#engine.accept(row.seq as Seq, row.at as EngineMs, input);
  }
}

function isInput(row: Row): boolean {
  return (
    row.kind === 'reading' ||
    (row.kind === 'entry' && (inputs.has(row.entry) || row.entry === 'config'))
  );
}

function startedBody(row: EntryRow): StartedRow {
  return JSON.parse(row.body) as StartedRow;
}

function isLate({ quality }: ReadingRow): boolean {
  return (quality & lateFlag) !== 0;
}

function isDrill(row: EntryRow): boolean {
  return (JSON.parse(row.body) as AlertRow).drill;
}

function readConfig(text: string): Config {
  const loaded = parseConfig(text, { file: 'stored', directory: '/' });
  if (!loaded.ok) throw new Error(`a stored config has mistakes: ${loaded.problems[0]?.message}`);
  return loaded.config;
}
