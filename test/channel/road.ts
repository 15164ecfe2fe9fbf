import { EngineTime } from '../../src/channel/engine-time.ts';
import type { Evidence } from '../../src/channel/evidence.ts';
import { Intake, type Route } from '../../src/channel/intake.ts';
import { Journal } from '../../src/channel/journal.ts';
import { Points } from '../../src/channel/points.ts';
import { Quarantine } from '../../src/channel/quarantine.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { AlertEvent } from '../../src/domain/alert.ts';
import type { Config } from '../../src/domain/config.ts';
import type { EngineInput, PointMemory } from '../../src/domain/engine.ts';
import { groupColumns, type Group } from '../../src/domain/group.ts';
import { displayValue, pointName, type Point } from '../../src/domain/point.ts';
import { historyOnlyFlag, qualityOf, unsureTimeFlag } from '../../src/domain/reading.ts';
import { createMetrics } from '../../src/host/metrics.ts';
import { createEngine } from '../../src/rules/engine.ts';
import { createFakeClock, type FakeClock } from '../host/fake-clock.ts';

/** A reading as it would be stored. */
export interface StoredRow {
  readonly seq: number;
  readonly point: string;
  readonly value: number | boolean | string | null;
  readonly unit: string | null;
  readonly quality: string;
  readonly historyOnly: boolean;
  /** Stamped by a clock that was not trusted. */
  readonly unsureTime: boolean;
  readonly atMs: number;
  readonly raw: number | null;
}

/** The road from a message to the disk, without sockets and without a disk: groups are committed as they come. */
export interface Road {
  readonly clock: FakeClock;
  readonly intake: Intake;
  readonly points: Points;
  readonly quarantine: Quarantine;
  readonly events: { readonly event: AlertEvent; readonly evidence: Evidence | null }[];
  /** Takes a message as the embedded broker would; returns the rows it says it made. */
  take(topic: string, payload: string | Buffer): number;
  /** Takes a message that another broker had retained. */
  takeRetained(topic: string, payload: string): number;
  /** Every reading so far. */
  rows(): readonly StoredRow[];
  /** Rows of the journal that are no readings, by kind. */
  readonly kinds: string[];
  /** Settings that turned out not to work, as the log is told. */
  readonly problems: readonly string[];
  /** Accepted and rejected, over all sources. */
  counts(): { accepted: number; stored: number; rejected: number; reasons: Record<string, number> };
}

/** A config out of YAML. */
export function configOf(text: string): Config {
  const loaded = parseConfig(text, { file: 'limen.yaml', directory: '/nowhere' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

/** Builds the road for a config; `known` is what an earlier run left. */
export function createRoad(
  yaml = '',
  options: {
    readonly trusted?: boolean;
    readonly known?: readonly Point[];
    readonly memories?: readonly PointMemory[];
  } = {},
): Road {
  const config = configOf(yaml);
  const clock = createFakeClock();
  const time = new EngineTime({
    clock,
    bootId: 'boot',
    trusted: options.trusted ?? true,
    before: null,
  });
  const stored: StoredRow[] = [];
  const kinds: string[] = [];
  const keep = (group: Group): void => {
    const columns = groupColumns(group.buffer, group.capacity);
    for (let row = 0; row < group.count; row++) {
      const point = points.find((columns.point[row] ?? 0) as Point['index']);
      const quality = columns.quality[row] ?? 0;
      const raw = columns.raw[row] ?? NaN;
      stored.push({
        seq: columns.seq[row] ?? 0,
        point: point === undefined ? '?' : pointName(point),
        value: point === undefined ? null : displayValue(point, columns.value[row] ?? NaN),
        unit: point?.unit ?? null,
        quality: qualityOf(quality),
        historyOnly: (quality & historyOnlyFlag) !== 0,
        unsureTime: (quality & unsureTimeFlag) !== 0,
        atMs: columns.atMs[row] ?? 0,
        raw: Number.isNaN(raw) ? null : raw,
      });
    }
    kinds.push(...group.entries.map(({ kind }) => kind));
  };
  const journal: Journal = new Journal({
    clock,
    time,
    metrics: createMetrics(),
    nextSeq: 1,
    dayMs: 0,
    commitDelayMs: 250,
    post(group) {
      keep(group);
      journal.committed(group.id, group.buffer);
    },
    takeMemories: () => [],
  });
  const events: { event: AlertEvent; evidence: Evidence | null }[] = [];
  const engine = createEngine({
    nextSeq: () => journal.nextSeq,
    emit(event) {
      journal.appendAt(event.at, 'alert', event.alert.id, {});
      events.push({ event, evidence: intake.evidence() });
    },
  });
  const input = (key: string, given: EngineInput): void => {
    const at = time.now();
    engine.accept(journal.appendAt(at, given.kind, key, {}), at, given);
  };
  const points = new Points(options.known ?? [], options.memories ?? [], (point, replaces) =>
    input(pointName(point), { kind: 'point', point, ...(replaces === null ? {} : { replaces }) }),
  );
  const quarantine = new Quarantine([]);
  const problems: string[] = [];
  const intake = new Intake({
    journal,
    engine,
    time,
    points,
    quarantine,
    learned: () => undefined,
    problem: (text) => void problems.push(text),
  });
  points.configure(config.points, config.rules);
  intake.configure(config.sources);
  input('config', { kind: 'config', rules: config.rules, points: config.points });
  for (const point of points.all()) input(pointName(point), { kind: 'point', point });

  // A topic is resolved once, as on the wire: the short way is only taken by later messages.
  const routes = new Map<string, Route | null>();
  const routeOf = (topic: string): Route | null => {
    let route = routes.get(topic);
    if (route === undefined) {
      route = intake.route('embedded', topic);
      routes.set(topic, route);
    }
    return route;
  };
  return {
    clock,
    intake,
    points,
    quarantine,
    events,
    kinds,
    problems,
    take(topic, payload) {
      // In the middle of other bytes, as in a packet.
      const body = Buffer.from(payload);
      const bytes = Buffer.concat([Buffer.from('9'), body, Buffer.from('9')]);
      intake.begin();
      return routeOf(topic)?.take(bytes, 1, 1 + body.length) ?? -1;
    },
    takeRetained(topic, payload) {
      intake.begin();
      return routeOf(topic)?.takeRetained(Buffer.from(payload)) ?? -1;
    },
    rows() {
      journal.flush();
      return stored;
    },
    counts() {
      const reasons: Record<string, number> = {};
      let rejected = 0;
      for (const status of intake.statuses()) {
        rejected += status.rejected;
        for (const [reason, count] of Object.entries(status.reasons))
          reasons[reason] = (reasons[reason] ?? 0) + count;
      }
      return { accepted: intake.acceptedCount, stored: intake.storedCount, rejected, reasons };
    },
  };
}
