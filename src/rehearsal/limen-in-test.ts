import { readCommand } from '../channel/commands.ts';
import { enterConfig, enterStart } from '../channel/enter.ts';
import { EngineTime } from '../channel/engine-time.ts';
import { gatherQuery } from '../channel/gather.ts';
import { createInlet } from '../channel/inlet.ts';
import type { Intake, Route } from '../channel/intake.ts';
import { Journal } from '../channel/journal.ts';
import type { PointRef } from '../channel/points.ts';
import { engineSnapshot, lastRows, lastTrustedBefore, type AlertRow } from '../channel/recover.ts';
import { createSchedules } from '../channel/schedules.ts';
import { createSources } from '../channel/sources.ts';
import { Quarantine } from '../channel/quarantine.ts';
import { decodePayload, type Decoded, type Item } from '../codecs/payload.ts';
import { notifyTargets } from '../consumers/notifiers/edges.ts';
import { createOutputs } from '../consumers/outputs/outputs.ts';
import type { Act } from '../domain/act.ts';
import { alertFacts, alertKey, isShown, type Alert, type AlertEvent } from '../domain/alert.ts';
import { actingRules, boardsOf, type ActingRule, type Config } from '../domain/config.ts';
import type { ActVerdict } from '../domain/engine.ts';
import type { Group } from '../domain/group.ts';
import type { OutputCommand, OutputStatus } from '../domain/output.ts';
import { displayValue, pointName } from '../domain/point.ts';
import {
  historyOnlyFlag,
  isGoodNews,
  lateFlag,
  qualityOf,
  type Quality,
  type Value,
} from '../domain/reading.ts';
import { badLinesMetric, type SerialSource } from '../domain/serial.ts';
import type { RecentQuery, RecentReadings, Recovery } from '../domain/store.ts';
import type { WallMs } from '../domain/time.ts';
import { localOffsetMs } from '../host/local-time.ts';
import type { Log } from '../host/log.ts';
import { createMetrics } from '../host/metrics.ts';
import { findScheduleState } from '../host/schedule-times.ts';
import { createEngine } from '../rules/engine.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The last reading of a point. */
export interface LastReading {
  readonly value: Value | null;
  readonly unit: string | null;
  readonly quality: Quality;
  readonly atMs: WallMs;
}

/** What a message came to. */
export type Taken =
  | { readonly kind: 'stored' }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** `refused`: why; null: it is done. */
  | { readonly kind: 'act'; readonly act: string; readonly refused: string | null }
  /** No source takes it: the broker would pass it on and nothing else. */
  | { readonly kind: 'relayed' };

/** Where the lines of serial ports come in, as if it were a broker; its topics are their paths. */
const serialPorts = 'limen.serial';

/** A message on a broker. */
export interface Message {
  readonly broker: string;
  readonly topic: string;
  readonly text: string;
  readonly retained: boolean;
}

/** Limen without sockets and without a disk of its own, in the time of a virtual clock. */
export interface LimenInTest {
  /** When its next timer is due, in monotonic ms; null: none. */
  readonly nextDueMs: number | null;
  /** Fires what is due now. */
  advance(): void;
  /** The route of a reading of a point; null: no source brings it. */
  routeTo(
    device: string,
    metric: string,
  ): { readonly broker: string; readonly route: Route } | null;
  take(message: Message): Taken;
  act(act: Act): ActVerdict;
  /** Sets an output by hand or resets it. Returns why it is refused; null: it is done. */
  command(command: OutputCommand): string | null;
  /** The wall clock was set, or is trusted now. */
  clockChanged(isTrusted: boolean): void;
  /** The link to another broker went up or down. */
  linkChanged(broker: string, isUp: boolean): void;
  /** Another config goes into force. */
  reconfigure(config: Config): void;
  alerts(): readonly Alert[];
  outputs(): readonly OutputStatus[];
  /** Engine time now: the end of delays is told in it. */
  engineMs(): number;
  /** Add to engine time to get wall time. */
  readonly wallOffsetMs: number;
  /** Ends as if killed, with everything on disk that was accepted. */
  kill(): void;
}

export interface LimenInTestOptions {
  readonly config: Config;
  readonly clock: VirtualClock;
  readonly log: Log;
  readonly bootId: string;
  readonly isClockTrusted: boolean;
  /** What the last run left. */
  readonly recovery: Recovery;
  recent(query: RecentQuery): RecentReadings | null;
  /** Last readings by `device/metric`; they are still known after a restart. */
  readonly lastReadings: Map<string, LastReading>;
  /** Puts a group on disk. */
  store(group: Group): void;
  onAlert(event: AlertEvent, notify: readonly string[]): void;
  onOutput(status: OutputStatus): void;
}

/**
 * Wires the parts of the live program as `app.ts` does: the same intake, journal, engine and outputs. What is left out
 * is what a test has no need of: sockets, threads, the delivery of notifications.
 */
export function startLimenInTest(options: LimenInTestOptions): LimenInTest {
  const { clock, log, recovery } = options;
  let { config } = options;
  let isTrusted = options.isClockTrusted;
  let isOver = false;
  const metrics = createMetrics();
  const time = new EngineTime({
    clock,
    bootId: options.bootId,
    trusted: isTrusted,
    before: recovery.stamp,
    lastTrusted: lastTrustedBefore(recovery),
  });
  const journal: Journal = new Journal({
    clock,
    time,
    metrics,
    nextSeq: recovery.nextSeq,
    dayMs: recovery.dayMs,
    commitDelayMs: config.storage.commitDelayMs,
    post(group) {
      // Its last look comes with the next turn of the process, when the test may be over.
      if (isOver) return;
      options.store(group);
      journal.committed(group.id, group.buffer);
    },
    takeMemories: () => inlet.memories.takeChanged(),
  });
  const engine = createEngine({
    nextSeq: () => journal.nextSeq,
    emit: (event) => emit(event),
    watched: (name, verdict, cause) => outputs.onCondition(name, verdict, cause),
  });
  const quarantine = new Quarantine([]);
  const inlet = createInlet({
    journal,
    engine,
    time,
    quarantine,
    recovery,
    problem: (text) => log.warn(text),
    entered: () => {},
  });
  const { intake, points, input } = inlet;
  const schedules = createSchedules({ clock, time, find: () => findScheduleState, input });
  const sources = createSources({ clock, points, input });
  const lostLinks = new Set<string>();
  const outputs = createOutputs({
    specs: config.outputs,
    rules: actingRules(config),
    clock,
    log,
    metrics,
    journal,
    engineMs: () => time.now(),
    wallMs: () => clock.wallMs(),
    // What is commanded is asked of the status; there is nobody to send it to.
    publish: () => undefined,
    // A board does what it is told, and says so.
    drive: ({ board, pin, level }) =>
      void clock.after(0, () => {
        if (!lostLinks.has(board)) outputs.boards.shows(board, pin, level);
      }),
    gpio: { hold: (_setting, done) => void clock.after(0, () => done(null)) },
    // A program has always run well.
    programs: { run: ({ done }) => void clock.after(0, () => done(null)) },
    isClockTrusted: () => isTrusted,
    fault(output, isThere, note) {
      const rule = 'limen.output_failed';
      input(
        `${rule}/${output}`,
        { rule, device: output, is_there: isThere, note },
        { kind: 'fault', rule, device: output, isThere, note },
      );
    },
    linkOf: (broker) => (lostLinks.has(broker) ? 'down' : 'up'),
    publishStatus: options.onOutput,
  });
  const isBoard = (name: string): boolean => boardsOf(config.sources).includes(name);
  let rules = rulesByName(config);
  const emit = (event: AlertEvent): void => {
    const { alert, ...concluded } = event;
    const rule = rules.get(alert.rule);
    const notify = rule === undefined ? [] : notifyTargets(rule, event);
    const row: AlertRow = {
      ...concluded,
      notify,
      shown: alertFacts(alert),
      compared: engine.compared(alert),
      config: inlet.configSeq,
      evidence: intake.evidence() ?? points.evidenceOf(alert, event.cause.at(-1)),
    };
    const isKept = event.kind !== 'condition' || isShown(alert);
    if (isKept) journal.appendAt(event.at, 'alert', alertKey(alert), row);
    else journal.skip();
    points.noteDelay(alert);
    // Told first, so that what happened reads in the order of cause.
    options.onAlert(event, notify);
    outputs.onAlert(event);
  };
  intake.watcher = (point: PointRef, _seq, atMs, value, code) => {
    const quality = qualityOf(code);
    if (outputs.awaitsReadings && isGoodNews(code)) outputs.heard(point);
    // What is no news is in the history alone; what another broker had retained is all there is.
    if ((code & historyOnlyFlag) !== 0 && (code & lateFlag) !== 0) return;
    const { unit } = point;
    options.lastReadings.set(pointName(point), {
      value: displayValue(point, value),
      unit,
      quality,
      atMs,
    });
  };

  const configure = (): void => {
    points.configure(config.points, config.rules, config.outputs);
    intake.configure(config.sources);
  };

  engine.restore(engineSnapshot(recovery, time.wallOffsetMs));
  const recentQuery = gatherQuery(config.rules, points.all(), time.startedAt);
  const recent = recentQuery === null ? null : options.recent(recentQuery);
  const { bootId } = options;
  enterStart({
    inlet,
    engine,
    time,
    schedules,
    config,
    recent,
    version: 'test',
    bootId,
    localOffsetMs,
    configure,
  });
  outputs.start(engine.open(), lastRows(recovery, 'output'));
  for (const board of boardsOf(config.sources)) outputs.boards.up(board);
  if (time.creditMs > 0) outputs.credit(time.creditMs);

  // A topic is resolved once, as on the wire: the short way is only taken by later messages.
  const routes = new Map<string, Route | null>();
  const routeOf = (broker: string, topic: string): Route | null => {
    const key = `${broker} ${topic}`;
    const route = routes.get(key) ?? intake.route(broker, topic);
    routes.set(key, route);
    return route;
  };
  const act = (asked: Act): ActVerdict => {
    const { verdict } = input(alertKey(asked.alert), asked, { kind: 'act', act: asked });
    if (verdict === null) throw new Error('the engine did not answer an act');
    return verdict;
  };
  const command = (asked: OutputCommand): string | null =>
    outputs.command(asked, journal.append('command', asked.output, asked));
  const outcome = (take: () => void): Taken => {
    const before = rejections(intake);
    take();
    const reason = [...rejections(intake)].find(([key, count]) => count > (before.get(key) ?? 0));
    return reason === undefined ? { kind: 'stored' } : { kind: 'rejected', reason: reason[0] };
  };
  const takeReading = (
    { broker, route }: { readonly broker: string; readonly route: Route },
    payload: Buffer,
    isPast: boolean,
  ): Taken => {
    return outcome(() => {
      intake.begin(broker === 'embedded' ? null : broker);
      if (isPast) route.takeRetained(payload);
      else route.take(payload, 0, payload.length);
    });
  };
  // What a line of a serial port says, with the units of the config.
  const takeLine = (path: string, payload: Buffer): Taken => {
    const source = config.sources.find((each) => each.kind === 'serial' && each.path === path);
    const route = intake.portRoute(path);
    if (source?.kind !== 'serial' || route === null) return { kind: 'relayed' };
    const decoded = decodePayload(payload);
    const own = decoded.ok
      ? decoded.items.find((item) => item.metric === badLinesMetric)
      : undefined;
    return outcome(() => {
      intake.begin(path);
      if (own?.word.kind === 'number') {
        intake.takeMeasured(path, badLinesMetric, own.word.value, 'from the test');
        return;
      }
      intake.takeFrame(route, payload, decoded.ok ? withUnits(source, decoded.items) : decoded);
    });
  };

  return {
    get nextDueMs() {
      const due = engine.nextDueAt;
      return due === null ? null : clock.monotonicMs() + (due - time.now());
    },
    advance: () => engine.advance(time.now()),
    routeTo(device, metric) {
      for (const source of config.sources) {
        if (source.kind === 'serial' && source.device === device && bringsMetric(source, metric)) {
          const route = intake.portRoute(source.path);
          if (route !== null) return { broker: serialPorts, route };
        }
        if (source.kind !== 'mqtt') continue;
        const topic = source.pattern
          .replace('{device}', device)
          .replace('{metric}', metric)
          .replaceAll('+', 'any');
        const route = routeOf(source.broker, topic);
        const fits = route?.device === device && (route.metric === null || route.metric === metric);
        if (route !== null && fits) return { broker: source.broker, route };
      }
      return null;
    },
    take({ broker, topic, text, retained }) {
      const payload = Buffer.from(text);
      const { prefix, to } = config.publish;
      if (topic.startsWith(`${prefix}/`) && (broker === 'embedded' || to.includes(broker))) {
        const asked = readCommand(prefix, { topic, payload, retain: retained }, 'test');
        if (asked.kind === 'ignored') return { kind: 'relayed' };
        if (asked.kind === 'refused') return { kind: 'act', act: asked.act, refused: asked.reason };
        if (asked.kind === 'output')
          return { kind: 'act', act: asked.command.act, refused: command(asked.command) };
        const verdict = act(asked.act);
        const refused = verdict.result === 'refused' ? verdict.reason : null;
        return { kind: 'act', act: asked.act.act, refused };
      }
      if (broker === serialPorts) return takeLine(topic, payload);
      const route = routeOf(broker, topic);
      if (route === null) return { kind: 'relayed' };
      // Published to Limen's own broker the retain flag changes nothing; from another one it means the past.
      return takeReading({ broker, route }, payload, retained && broker !== 'embedded');
    },
    act,
    command,
    clockChanged(isNowTrusted) {
      isTrusted = isNowTrusted;
      const change = time.check(isTrusted);
      if (change === null) return;
      const { wallOffsetMs: offsetMs, creditMs, unsureSinceMs } = change;
      input('clock', change, { kind: 'clock', wallOffsetMs: offsetMs, creditMs, unsureSinceMs });
      schedules.clockChanged();
      if (creditMs > 0) outputs.credit(creditMs);
    },
    linkChanged(broker, isUp) {
      if (isUp) lostLinks.delete(broker);
      else lostLinks.add(broker);
      if (isBoard(broker)) {
        if (isUp) outputs.boards.up(broker);
        else outputs.boards.down(broker, 'unplugged');
        return;
      }
      sources.broker(broker, isUp);
      if (isUp) outputs.linkUp(broker);
    },
    reconfigure(next) {
      const before = rules;
      config = next;
      const judge = (): void => {
        // The end of a removed rule's alerts is told as that rule said.
        rules = new Map([...before, ...rulesByName(next)]);
        schedules.configure(next.rules);
        configure();
        enterConfig(input, config);
        rules = rulesByName(next);
      };
      outputs.configure(next.outputs, actingRules(next), judge);
      journal.commitDelayMs = next.storage.commitDelayMs;
      routes.clear();
    },
    alerts: () => engine.all(),
    outputs: () => outputs.statuses(),
    engineMs: () => time.now(),
    get wallOffsetMs() {
      return time.wallOffsetMs;
    },
    kill() {
      journal.flush();
      isOver = true;
      clock.dropTimers();
    },
  };
}

function rulesByName(config: Config): Map<string, ActingRule> {
  return new Map(actingRules(config).map((rule) => [rule.name, rule]));
}

function rejections(intake: Intake): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { reasons } of intake.statuses()) {
    for (const [reason, count] of Object.entries(reasons))
      counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return counts;
}

// A board brings what its pins are read as; what other lines say, only they know. Of each line Limen counts what is bad.
function bringsMetric({ format }: SerialSource, metric: string): boolean {
  if (metric === badLinesMetric) return true;
  return format.kind !== 'limen' || format.reads.some((read) => read.metric === metric);
}

function withUnits({ format }: SerialSource, items: readonly Item[]): Decoded {
  if (format.kind !== 'limen') return { ok: true, items };
  const units = new Map(format.reads.map(({ metric, unit }) => [metric, unit]));
  return {
    ok: true,
    items: items.map((item) => ({
      ...item,
      unit: item.unit ?? units.get(item.metric ?? '') ?? null,
    })),
  };
}
