import type { EngineTime } from './channel/engine-time.ts';
import type { EngineTimer } from './channel/engine-timer.ts';
import type { Intake } from './channel/intake.ts';
import type { Journal } from './channel/journal.ts';
import type { Points } from './channel/points.ts';
import type { Sources } from './channel/sources.ts';
import type { Quarantine } from './channel/quarantine.ts';
import type { Schedules } from './channel/schedules.ts';
import type { Notifiers } from './consumers/notifiers/notifiers.ts';
import type { ActVerdict, Engine, EngineInput } from './domain/engine.ts';
import { limits } from './domain/limits.ts';
import type { Seq } from './domain/reading.ts';
import type { Timer } from './host/clock.ts';
import type { Host } from './host/host.ts';
import type { StorageThread } from './threads/start-storage.ts';

/** A commit that takes longer than this is a stall: notifiers go on from memory, readiness is red. */
export const stallMs = 2_000;

const periodMs = 1_000;
const quarantineEveryMs = 5_000;

/** The parts that are looked after. */
export interface HouseParts {
  readonly host: Host;
  readonly time: EngineTime;
  readonly timer: EngineTimer;
  readonly journal: Journal;
  readonly engine: Engine;
  readonly points: Points;
  readonly intake: Intake;
  readonly quarantine: Quarantine;
  readonly notifiers: Notifiers;
  readonly storage: StorageThread;
  readonly schedules: Schedules;
  readonly sources: Sources;
  isClockTrusted(): boolean;
  watchReadings(): void;
  lookForFaults(): void;
  /** So much time before the start is known only now to have passed. */
  credit(ms: number): void;
  input(key: string, body: unknown, given: EngineInput): { seq: Seq; verdict: ActVerdict | null };
}

/** Looks once a second after what no event tells: the clock, stalls, ticks, samples. Ends with `stop`. */
export function keepHouse(parts: HouseParts): { stop(): void } {
  const { host, time, timer, journal, engine, quarantine, notifiers, storage } = parts;
  const storageLog = host.log.area('storage');
  let isStalled = false;
  let quarantineAgeMs = 0;
  let next: Timer;

  const checkClock = (): void => {
    const change = time.check(parts.isClockTrusted());
    if (change === null) return;
    const { wallOffsetMs, creditMs, unsureSinceMs, trusted } = change;
    const fields = { wallOffsetMs, creditMs, trusted, unsureSinceMs };
    host.log.area('clock').info('wall clock mapped anew', fields);
    parts.input('clock', change, { kind: 'clock', wallOffsetMs, creditMs, unsureSinceMs });
    parts.schedules.clockChanged();
    if (creditMs > 0) parts.credit(creditMs);
  };
  const checkStall = (): void => {
    const stalls = journal.postedForMs > stallMs;
    if (stalls === isStalled) return;
    isStalled = stalls;
    if (stalls)
      storageLog.error('no commit for 2 s; alerts and outputs go on, acknowledgements wait');
    else storageLog.info('commits go on');
    notifiers.stalled(stalls);
  };
  const storeSamples = (): void => {
    quarantineAgeMs = 0;
    const samples = quarantine.takeChanged();
    if (samples !== null) storage.storeQuarantine(samples);
  };
  const look = (): void => {
    next = host.clock.after(periodMs, look);
    checkClock();
    parts.sources.look();
    engine.advance(time.now());
    timer.rearm();
    parts.watchReadings();
    checkStall();
    parts.lookForFaults();
    if (journal.quietForMs >= limits.tickMs) journal.flush();
    quarantineAgeMs += periodMs;
    if (quarantineAgeMs >= quarantineEveryMs) storeSamples();
  };

  look();
  countHouse(parts);
  return {
    stop() {
      next.cancel();
      storeSamples();
    },
  };
}

function countHouse({ host, intake, points, engine, quarantine }: HouseParts): void {
  const { metrics } = host;
  metrics.collect(
    'limen_readings_accepted_total',
    'Readings that reached the intake',
    'counter',
    () => intake.statuses().map(({ source, accepted }) => [{ source }, accepted]),
  );
  metrics.collect(
    'limen_readings_stored_total',
    'Readings with a number, of any quality',
    'counter',
    () =>
      intake.statuses().map(({ source, accepted, rejected }) => [{ source }, accepted - rejected]),
  );
  metrics.collect(
    'limen_readings_rejected_total',
    'Payloads that could not be read',
    'counter',
    () =>
      intake
        .statuses()
        .flatMap(({ source, reasons }) =>
          Object.entries(reasons).map(([reason, count]) => [{ source, reason }, count] as const),
        ),
  );
  metrics.collect(
    'limen_source_times_refused_total',
    'Payloads whose source time was not used',
    'counter',
    () =>
      intake
        .statuses()
        .map(({ source, source_times_refused: count }) => [{ source }, count] as const),
  );
  metrics.collect(
    'limen_readings_late_total',
    'Readings older at their arrival than late_after of a rule',
    'counter',
    () => intake.statuses().map(({ source, late }) => [{ source }, late] as const),
  );
  metrics.collect(
    'limen_readings_out_of_order_total',
    'Readings in time that came after a newer one of their point',
    'counter',
    () => intake.statuses().map(({ source, out_of_order: count }) => [{ source }, count] as const),
  );
  metrics.gauge('limen_points_count', 'Points ever heard of', () => points.size);
  metrics.gauge(
    'limen_alerts_open_count',
    'Alerts that are not normal',
    () => engine.open().length,
  );
  metrics.gauge(
    'limen_quarantine_count',
    'Samples kept of what could not be read',
    () => quarantine.size,
  );
  metrics.gauge('limen_resident_memory_bytes', 'Resident memory of the process', () =>
    process.memoryUsage.rss(),
  );
}
