import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Act, ActAnswer } from '../../src/domain/act.ts';
import type {
  DrillStep,
  Health,
  LimenApi,
  ReadingRecord,
  ReadingsQuery,
  StatusReport,
  StreamLine,
} from '../../src/domain/api.ts';
import { LimenError } from '../../src/domain/error.ts';
import type { HygieneReport, ReportQuery } from '../../src/domain/hygiene.ts';
import type { OutputCommand } from '../../src/domain/output.ts';
import type { Seq } from '../../src/domain/reading.ts';
import type { WhyReport } from '../../src/domain/why.ts';
import type { WhyNotQuery, WhyNotReport } from '../../src/domain/why-not.ts';
import { createLog, type Log } from '../../src/host/log.ts';

/** A running Limen reduced to its seam: answers from memory and remembers what it was asked. */
export interface FakeApi extends LimenApi {
  healthAnswer: Health;
  alertsAnswer: Record<string, unknown>[];
  whyAnswer: WhyReport | null;
  whyNotAnswer: WhyNotReport | null;
  reportAnswer: HygieneReport | null;
  /** What `why` and `report` were asked. */
  readonly asked: (string | ReportQuery | WhyNotQuery)[];
  readingBatches: ReadingRecord[][];
  /** Thrown after the batches; null: the stream ends. */
  readingsFailure: Error | null;
  actAnswer: Partial<ActAnswer>;
  /** Cut every watcher at once, as one too many. */
  isFull: boolean;
  readonly acts: Act[];
  readonly commands: OutputCommand[];
  readonly queries: ReadingsQuery[];
  readonly passwords: Map<string, string>;
  readonly watchers: Set<(line: StreamLine) => boolean | void>;
  /** Emits `watch`, `stop` and `batch`. */
  readonly events: EventEmitter;
}

export function createFakeApi(): FakeApi {
  const events = new EventEmitter();
  const watchers = new Set<(line: StreamLine) => boolean | void>();
  const passwords = new Map<string, string>();
  const api: FakeApi = {
    healthAnswer: { ok: true, failing: [] },
    alertsAnswer: [],
    whyAnswer: null,
    whyNotAnswer: null,
    reportAnswer: null,
    asked: [],
    readingBatches: [],
    readingsFailure: null,
    actAnswer: {},
    isFull: false,
    acts: [],
    commands: [],
    queries: [],
    passwords,
    watchers,
    events,
    status: () => statusReport,
    health: () => api.healthAnswer,
    readiness: () => api.healthAnswer,
    metrics: () => '# HELP limen_up 1 while Limen runs\n# TYPE limen_up gauge\nlimen_up 1\n',
    alerts: (all) => api.alertsAnswer.filter((alert) => all || alert['state'] !== 'normal'),
    async why(wanted) {
      api.asked.push(wanted);
      if (api.whyAnswer === null) throw new LimenError('not_found', `No alert "${wanted}"`);
      return api.whyAnswer;
    },
    async whyNot(query) {
      api.asked.push(query);
      if (api.whyNotAnswer === null) throw new LimenError('not_found', 'There is no such rule');
      return api.whyNotAnswer;
    },
    async report(query) {
      api.asked.push(query);
      if (api.reportAnswer === null) throw new LimenError('unavailable', 'no report');
      return api.reportAnswer;
    },
    async command(command) {
      api.commands.push(command);
      const { act, output: id, by } = command;
      return { act, id, by, result: 'done', reason: null, seq: 9 as Seq, ...api.actAnswer };
    },
    async act(act) {
      api.acts.push(act);
      return {
        act: act.act,
        id: act.id,
        by: act.by,
        result: 'done',
        reason: null,
        seq: 9 as Seq,
        ...api.actAnswer,
      };
    },
    async *readings(query) {
      api.queries.push(query);
      for (const batch of api.readingBatches) {
        events.emit('batch');
        yield batch;
      }
      if (api.readingsFailure !== null) throw api.readingsFailure;
    },
    async countReadings(query) {
      api.queries.push(query);
      return api.readingBatches.flat().length;
    },
    quarantined: () => [
      {
        source: 'sensors/{device}',
        topic: 'sensors/odd',
        reason: 'not JSON',
        sample_base64: 'e3s=',
        first_at: 1,
        last_at: 2,
        count: 3,
      },
    ],
    async *drill(rule): AsyncGenerator<DrillStep> {
      if (rule !== 'freezer-warm') throw new LimenError('not_found', `No rule "${rule}"`);
      yield { step: 'raise a marked alert', result: 'ok', detail: 'published', elapsed_ms: 3 };
      yield { step: 'notify kitchen', result: 'failed', detail: 'HTTP 500', elapsed_ms: 12 };
    },
    watch(listener, onCut) {
      if (api.isFull) onCut?.();
      watchers.add(listener);
      events.emit('watch');
      return {
        stop() {
          watchers.delete(listener);
          events.emit('stop');
        },
      };
    },
    async setUser(name, password) {
      passwords.set(name, password);
    },
    async removeUser(name) {
      if (!passwords.delete(name)) throw new LimenError('not_found', `No user "${name}"`);
    },
    users: () => [...passwords.keys()],
  };
  return api;
}

/** Sends a live line to every watcher, once there is one. */
export async function tell(api: FakeApi, line: StreamLine): Promise<void> {
  if (api.watchers.size === 0) await once(api.events, 'watch');
  for (const listener of api.watchers) listener(line);
}

export function reading(seq: number, over: Partial<ReadingRecord> = {}): ReadingRecord {
  return {
    seq,
    at_ms: 1_763_900_000_000 + seq,
    device: 'freezer-1',
    metric: 'temperature',
    value: -18.2,
    unit: '°C',
    quality: 'good',
    ...over,
  };
}

export function alert(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'freezer-warm/freezer-1/temperature/3',
    rule: 'freezer-warm',
    device: 'freezer-1',
    metric: 'temperature',
    state: 'active',
    condition: 'breached',
    quality: 'good',
    severity: 'critical',
    severity_max: 'critical',
    value: -9.5,
    unit: '°C',
    limit: -15,
    worst: -9,
    message: 'freezer-1 is at -9.5 °C',
    raised_at: 1_763_900_000_000,
    changed_at: 1_763_900_000_000,
    reason: 'on_delay_over',
    seq: 7,
    ...over,
  };
}

/** A log that keeps its lines. */
export function createTestLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const sink = {
    write: (line: string) => void lines.push(line),
    isTerminal: false,
    hasColors: false,
    levelMin: 'debug' as const,
  };
  return { log: createLog(sink, () => 0), lines };
}

/** A directory that is removed when the test's scope ends. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'limen-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const statusReport: StatusReport = {
  site: 'greenhouse',
  version: '0.1.0',
  pid: 4711,
  started_at: 1_763_900_000_000,
  listeners: ['mqtt://127.0.0.1:1883'],
  http: 'http://127.0.0.1:8080',
  directory: '/var/lib/limen',
  clock_trusted: true,
  seq: 120,
  committed_seq: 119,
  storage: 'ok',
  readings: { accepted: 100, stored: 98, rejected: 2 },
  points: 4,
  rules: 2,
  alerts: { pending: 1, active: 1, acknowledged: 0, returned: 0 },
  connections: 3,
  sources: [
    {
      source: 'sensors/{device}',
      accepted: 100,
      rejected: 2,
      reasons: { 'not JSON': 2 },
      source_times_refused: 0,
      late: 0,
      out_of_order: 0,
    },
  ],
  brokers: [{ name: 'home', url: 'mqtt://ha.local:1883', connected: false }],
  ports: [],
  boards: [],
  outputs: [
    {
      name: 'siren',
      state: 'unknown',
      commanded: 'on',
      owner: 'freezer-warm/freezer-1/temperature',
      reason: 'claim',
      sinceAt: 1_763_900_000_500,
      seq: 8,
      detail: null,
      hold: null,
      trip: null,
    },
  ],
  notifiers: [{ name: 'kitchen', queued: 0, delivered: 1, failed: 2, last_error: 'HTTP 500' }],
  unmatched_rules: ['shed-damp'],
  problems: ['rule "shed-dry" cannot judge shed/humidity: bar cannot be converted to %'],
};
