import type { AlertEvent } from '../../src/domain/alert.ts';
import { createLog } from '../../src/host/log.ts';
import { createDisk, noDisk, type Disk } from '../../src/rehearsal/disk.ts';
import { startLimenInTest, type LimenInTest } from '../../src/rehearsal/limen-in-test.ts';
import { createVirtualClock, startMonotonicMs } from '../../src/rehearsal/virtual-clock.ts';
import { configOf } from '../channel/road.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** An alert event, and who was told. */
export interface Told {
  readonly atMs: number;
  readonly event: AlertEvent;
  readonly notify: readonly string[];
}

/** Limen in virtual time, with the real intake and engine; times count from its first start. */
export interface SilenceRun {
  readonly told: readonly Told[];
  readonly limen: LimenInTest;
  goTo(atMs: number): void;
  read(atMs: number, point: string, value?: number): void;
  /** Transitions of a rule, as `0:12:30 device/metric normal>active`. */
  edges(rule: string): string[];
  /** Killed, and started again so much later. */
  restart(downMs: number): void;
  end(): void;
}

const silentLog = createLog(
  { write: () => undefined, isTerminal: false, hasColors: false, levelMin: 'error' },
  () => 0,
);

/** Starts it; `disk`: whether a restart finds what was stored. */
export function startSilenceRun(yaml: string, options: { disk?: boolean } = {}): SilenceRun {
  const config = configOf(yaml);
  const clock = createVirtualClock();
  const disk: Disk = options.disk === true ? createDisk(clock.wallMs) : noDisk;
  const told: Told[] = [];
  const now = (): number => clock.monotonicMs() - startMonotonicMs;
  let boots = 0;
  const start = (): LimenInTest => {
    boots += 1;
    const bootId = `boot-${boots}`;
    return startLimenInTest({
      config,
      clock,
      log: silentLog,
      bootId,
      isClockTrusted: true,
      recovery: disk.recover(bootId),
      recent: (query) => disk.recent(query),
      lastReadings: new Map(),
      store: (group) => disk.write(group),
      onAlert: (event, notify) => void told.push({ atMs: now(), event, notify }),
      onOutput: () => undefined,
    });
  };
  let limen = start();
  const goTo = (atMs: number): void => {
    const targetMs = startMonotonicMs + atMs;
    for (;;) {
      const dueMs = Math.min(clock.nextDueMs ?? Infinity, limen.nextDueMs ?? Infinity);
      if (dueMs > targetMs) break;
      clock.moveTo(dueMs);
      limen.advance();
    }
    clock.moveTo(targetMs);
  };
  return {
    told,
    get limen() {
      return limen;
    },
    goTo,
    read(atMs, point, value = 1) {
      goTo(atMs);
      limen.take({
        broker: 'embedded',
        topic: `sensors/${point}`,
        text: String(value),
        retained: false,
      });
    },
    edges: (rule) =>
      told
        .filter(({ event }) => event.kind === 'transition' && event.alert.rule === rule)
        .map(({ atMs, event: { alert, from, to } }) => {
          const name = `${alert.device}/${alert.metric}`;
          return `${Math.round(atMs / second)} s ${name} ${from}>${to}`;
        }),
    restart(downMs) {
      limen.kill();
      disk.release();
      clock.moveTo(clock.monotonicMs() + downMs);
      limen = start();
    },
    end() {
      limen.kill();
      disk.remove();
    },
  };
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
