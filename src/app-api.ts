import type { EmbeddedBroker } from './broker/embedded.ts';
import type { RemoteBroker } from './broker/remote.ts';
import type { EngineTime } from './channel/engine-time.ts';
import type { Intake } from './channel/intake.ts';
import type { Journal } from './channel/journal.ts';
import type { Points } from './channel/points.ts';
import type { Quarantine } from './channel/quarantine.ts';
import type { Notifiers } from './consumers/notifiers/notifiers.ts';
import type { Outputs } from './consumers/outputs/outputs.ts';
import type { Stream } from './consumers/stream.ts';
import type { Act, ActAnswer } from './domain/act.ts';
import { alertFacts, isShown, type Alert } from './domain/alert.ts';
import type { DrillStep, Health, LimenApi, StatusReport } from './domain/api.ts';
import { unmatchedRules } from './domain/clause.ts';
import { boardsOf, type Config } from './domain/config.ts';
import type { Engine } from './domain/engine.ts';
import { LimenError } from './domain/error.ts';
import type { OutputCommand } from './domain/output.ts';
import type { PortStatus } from './domain/serial.ts';
import type { WallMs } from './domain/time.ts';
import { createCredential } from './host/credential.ts';
import type { Boards } from './app-boards.ts';
import { portStatus } from './app-ports.ts';
import { stallMs } from './app-house.ts';
import type { Host } from './host/host.ts';
import type { Reader } from './threads/start-reader.ts';
import type { StorageThread } from './threads/start-storage.ts';

/** The parts of the running program that its API shows. */
export interface Parts {
  readonly host: Host;
  readonly startedAt: WallMs;
  config(): Config;
  listeners(): readonly string[];
  httpUrl(): string | null;
  readonly time: EngineTime;
  readonly journal: Journal;
  readonly engine: Engine;
  readonly points: Points;
  readonly intake: Intake;
  readonly quarantine: Quarantine;
  readonly embedded: EmbeddedBroker;
  readonly remotes: ReadonlyMap<string, RemoteBroker>;
  readonly boards: Boards;
  ports(): readonly PortStatus[];
  readonly outputs: Outputs;
  readonly notifiers: Notifiers;
  readonly stream: Stream;
  readonly storage: StorageThread;
  readonly reader: Reader;
  readonly users: Map<string, string>;
  /** Opens the listeners that waited for a user. */
  openListeners(): Promise<void>;
  watchReadings(): void;
  act(act: Act): Promise<ActAnswer>;
  command(command: OutputCommand): Promise<ActAnswer>;
  drill(rule: string): AsyncIterable<DrillStep>;
}

/** A report is about the last 30 days unless it is asked for another time. */
const reportMs = 30 * 86_400_000;

/** What the running program offers to CLI, HTTP and page. */
export function createApi(parts: Parts): LimenApi {
  const { host, engine, journal, intake, users, storage, stream } = parts;

  const health = (): Health => ({ ok: true, failing: [] });
  const readiness = (): Health => {
    const failing: string[] = [];
    if (journal.postedForMs > stallMs) {
      failing.push(`storage: no commit for ${Math.round(journal.postedForMs / 1000)} s`);
    }
    for (const remote of parts.remotes.values()) {
      if (!remote.connected) failing.push(`broker ${remote.name}: not connected`);
    }
    for (const { path, isOpen, problem } of parts.ports()) {
      if (!isOpen) failing.push(`serial port ${path}: ${problem ?? 'not open yet'}`);
    }
    for (const { board, up, problem } of parts.boards.statuses(boardsOf(parts.config().sources))) {
      if (!up) failing.push(`board ${board}: ${problem ?? 'not there yet'}`);
    }
    return { ok: failing.length === 0, failing };
  };

  const status = (): StatusReport => {
    const config = parts.config();
    const accepted = intake.acceptedCount;
    const stored = intake.storedCount;
    const counts = { pending: 0, active: 0, acknowledged: 0, returned: 0 };
    for (const { state } of engine.open()) if (state !== 'normal') counts[state]++;
    return {
      site: config.site,
      version: host.version,
      pid: process.pid,
      started_at: parts.startedAt,
      listeners: parts.listeners(),
      http: parts.httpUrl(),
      directory: config.storage.directory,
      clock_trusted: parts.time.trusted,
      seq: journal.nextSeq - 1,
      committed_seq: journal.committedSeq,
      storage: journal.postedForMs > stallMs ? 'stalled' : 'ok',
      readings: { accepted, stored, rejected: accepted - stored },
      points: parts.points.size,
      rules: config.rules.length,
      alerts: counts,
      connections: parts.embedded.connections,
      sources: intake.statuses(),
      brokers: config.brokers.map(({ name, url }) => ({
        name,
        url,
        connected: parts.remotes.get(name)?.connected ?? false,
      })),
      ports: parts.ports().map(portStatus),
      boards: parts.boards.statuses(boardsOf(config.sources)),
      outputs: parts.outputs.statuses(),
      notifiers: parts.notifiers.statuses(),
      unmatched_rules: unmatchedRules(config.rules, parts.points.all()),
      problems: [...parts.points.problems(), ...engine.problems()],
    };
  };

  // Who may log in changes what everything else can be trusted for: each change leaves a line and a row, no password.
  const recordUser = (name: string, change: 'added' | 'changed' | 'removed'): void => {
    journal.append('user', name, { name, change });
    host.log.area('users').info(`user ${change}`, { user: name });
  };

  return {
    status,
    health,
    readiness,
    metrics: () => host.metrics.text(),
    alerts: (all) => (all ? engine.all() : shownAlerts(engine)).map(alertFacts),
    act: (act) => parts.act(act),
    command: (command) => parts.command(command),
    readings: (query) => parts.reader.readings(query),
    countReadings: (query) => parts.reader.countReadings(query),
    quarantined: () => parts.quarantine.records(),
    why: (wanted) => parts.reader.why(wanted),
    whyNot: (query) => parts.reader.whyNot(query),
    report({ fromMs, toMs }) {
      const untilMs = toMs ?? host.clock.wallMs();
      return parts.reader.report({ fromMs: fromMs ?? untilMs - reportMs, toMs: untilMs });
    },
    drill: (rule) => parts.drill(rule),
    watch(listener) {
      const subscription = stream.watch(listener);
      parts.watchReadings();
      return {
        stop() {
          subscription.stop();
          parts.watchReadings();
        },
      };
    },
    async setUser(name, password) {
      const credential = await createCredential(password);
      await storage.setUser(name, credential);
      recordUser(name, users.has(name) ? 'changed' : 'added');
      users.set(name, credential);
      await parts.openListeners();
    },
    async removeUser(name) {
      if (!(await storage.setUser(name, null)))
        throw new LimenError('not_found', `There is no user "${name}"`);
      users.delete(name);
      parts.embedded.disconnectUser(name);
      recordUser(name, 'removed');
    },
    users: () => [...users.keys()].toSorted(),
  };
}

/** Every alert that is not normal, or that a flag keeps from people. */
export function shownAlerts(engine: Engine): readonly Alert[] {
  return engine.all().filter(isShown);
}
