import { parseConfig } from '../../src/config/parse.ts';
import type { Act } from '../../src/domain/act.ts';
import type { Config } from '../../src/domain/config.ts';
import { createLog } from '../../src/host/log.ts';
import { startLimenInTest, type LimenInTest } from '../../src/rehearsal/limen-in-test.ts';
import { createVirtualClock, startMonotonicMs } from '../../src/rehearsal/virtual-clock.ts';
import { Store } from '../../src/storage/store.ts';
import { temporaryFolder } from '../storage/store-fixture.ts';

/** A Limen in virtual time whose journal lies in real files. Times are seconds since its first start. */
export interface RecordedHistory {
  readonly directory: string;
  /** The wall clock at so many seconds. */
  wallMs(atSeconds: number): number;
  /** Time passes until then; what happened is on disk. */
  goTo(atSeconds: number): Promise<void>;
  /** A message on a topic below `sensors/`. */
  send(topic: string, text: string): void;
  /** The same from the broker `home`, which had kept it. */
  sendKept(topic: string, text: string): void;
  act(act: Omit<Act, 'by' | 'comment' | 'id'> & Record<string, unknown>): void;
  /** Ends it as if killed; the files can be read. */
  stop(): void;
  /** Starts it, with another config if one is given. */
  start(yaml?: string): void;
}

const silentLog = createLog(
  { write: () => undefined, isTerminal: false, hasColors: false, levelMin: 'error' },
  () => 0,
);

export function configOf(text: string): Config {
  const loaded = parseConfig(text, { file: 'test.yaml', directory: '/nowhere' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** Starts a Limen whose history is then asked. */
export function recordHistory(yaml: string): RecordedHistory {
  const directory = temporaryFolder();
  const clock = createVirtualClock();
  const startWallMs = clock.wallMs();
  let config = configOf(yaml);
  let store: Store | null = null;
  let limen: LimenInTest | null = null;
  let boots = 0;
  // The journal looks at its open group at the end of each turn of the process.
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const goTo = async (atSeconds: number): Promise<void> => {
    await turn();
    const target = startMonotonicMs + atSeconds * 1000;
    for (;;) {
      const dueMs = Math.min(clock.nextDueMs ?? Infinity, limen?.nextDueMs ?? Infinity);
      if (dueMs > target) break;
      clock.moveTo(Math.max(dueMs, clock.monotonicMs()));
      limen?.advance();
      await turn();
    }
    clock.moveTo(target);
  };
  const start = (): void => {
    boots += 1;
    const bootId = `boot-${boots}`;
    const opened = new Store(
      { directory, bootId },
      {
        wallMs: clock.wallMs,
        problem: ({ message }) => {
          throw new Error(message);
        },
      },
    );
    store = opened;
    limen = startLimenInTest({
      config,
      clock,
      log: silentLog,
      bootId,
      isClockTrusted: true,
      recovery: opened.recover(),
      recent: (query) => opened.recent(query),
      lastReadings: new Map(),
      store: (group) => opened.write(group),
      onAlert: () => undefined,
      onOutput: () => undefined,
    });
  };
  start();
  return {
    directory,
    wallMs: (atSeconds) => startWallMs + atSeconds * 1000,
    goTo,
    send(topic, text) {
      limen?.take({ broker: 'embedded', topic: `sensors/${topic}`, text, retained: false });
    },
    sendKept(topic, text) {
      limen?.take({ broker: 'home', topic: `sensors/${topic}`, text, retained: true });
    },
    act(act) {
      limen?.act({ by: 'anna', comment: null, id: null, ...act } as Act);
    },
    stop() {
      limen?.kill();
      store?.close();
      limen = null;
      store = null;
    },
    start(next) {
      if (next !== undefined) config = configOf(next);
      start();
    },
  };
}
