import { join } from 'node:path';
import { EmbeddedBroker } from './broker/embedded.ts';
import { connectRemote, type RemoteBroker } from './broker/remote.ts';
import { createListeners } from './broker/waiting-listeners.ts';
import { enterConfig, enterStart } from './channel/enter.ts';
import { createEngineTimer } from './channel/engine-timer.ts';
import { EngineTime } from './channel/engine-time.ts';
import { gatherQuery } from './channel/gather.ts';
import { createInlet } from './channel/inlet.ts';
import { Journal } from './channel/journal.ts';
import type { PointRef } from './channel/points.ts';
import { Quarantine } from './channel/quarantine.ts';
import { engineSnapshot, lastRows, lastTrustedBefore, type AlertRow } from './channel/recover.ts';
import { createSchedules, hasSchedule } from './channel/schedules.ts';
import { createSources } from './channel/sources.ts';
import { compileTopicPattern } from './channel/topic-pattern.ts';
import { createHeartbeat } from './consumers/heartbeat.ts';
import { createLiveLog } from './consumers/live-log.ts';
import { toldAlert } from './consumers/notifiers/delivery.ts';
import { notifyEdge } from './consumers/notifiers/edges.ts';
import { createNotifiers } from './consumers/notifiers/notifiers.ts';
import { createGpioLines } from './consumers/outputs/gpio-lines.ts';
import { createOutputs } from './consumers/outputs/outputs.ts';
import { createPrograms } from './consumers/outputs/programs.ts';
import { createPublisher } from './consumers/publisher.ts';
import { createStream } from './consumers/stream.ts';
import type { Act, ActAnswer } from './domain/act.ts';
import { alertFacts, alertKey, isShown, type AlertEvent } from './domain/alert.ts';
import type { LimenApi, ReadingRecord } from './domain/api.ts';
import { unmatchedRules } from './domain/clause.ts';
import { changedBeyondReload } from './domain/beyond-reload.ts';
import { actingRules, boardsOf, type Config } from './domain/config.ts';
import { LimenError, messageOf } from './domain/error.ts';
import type { Rule } from './domain/rule.ts';
import type { FindScheduleState } from './domain/schedule.ts';
import { drivenPins } from './domain/output.ts';
import { displayValue } from './domain/point.ts';
import { isGoodNews, qualityOf, type Seq } from './domain/reading.ts';
import type { RecentQuery, RecentReadings } from './domain/store.ts';
import type { WallMs } from './domain/time.ts';
import { createActs } from './app-acts.ts';
import { createBoards, keepLeases } from './app-boards.ts';
import { createApi, shownAlerts } from './app-api.ts';
import { readPorts } from './app-ports.ts';
import { createFaultWatch } from './app-faults.ts';
import { createDrill } from './app-drill.ts';
import { keepHouse, stallMs } from './app-house.ts';
import { logReload } from './app-reload.ts';
import { isClockTrusted } from './host/clock-trust.ts';
import { createCredential, verifyCredential } from './host/credential.ts';
import type { Host } from './host/host.ts';
import { localOffsetMs } from './host/local-time.ts';
import { createHttpServer } from './http/server.ts';
import { listenToBroker } from './producers/other-broker.ts';
import type { Simulation } from './producers/simulator.ts';
import { createEngine } from './rules/engine.ts';
import { takeInstanceLock } from './storage/instance-lock.ts';
import { createReader } from './threads/start-reader.ts';
import { startStorage } from './threads/start-storage.ts';

/** The running program. */
export interface App {
  /** The first call is the start; a later one takes over what may change while running. */
  apply(config: Config): Promise<void>;
  act(act: Act): Promise<ActAnswer>;
  /** Ends in good order: outputs safe, everything accepted on disk. */
  stop(): Promise<void>;
  readonly api: LimenApi;
}

/** Time for the last commands to leave when the process has to end. */
const lastWordsMs = 200;

interface Running {
  readonly api: LimenApi;
  reconfigure(config: Config): Promise<void>;
  stop(): Promise<void>;
}

/** Creates the program; nothing runs before the first `apply`. */
export function createApp(host: Host): App {
  let running: Running | null = null;
  const need = (): Running => {
    if (running === null) throw new LimenError('unavailable', 'Limen is not started');
    return running;
  };
  return {
    async apply(config) {
      if (running === null) running = await start(host, config);
      else await running.reconfigure(config);
    },
    act: (act) => need().api.act(act),
    async stop() {
      const stopping = running;
      running = null;
      await stopping?.stop();
    },
    get api() {
      return need().api;
    },
  };
}

/**
 * The road of a reading, from the socket to the confirmed output and the acknowledgement:
 *
 *   socket → Wire (broker/wire.ts): cuts packets, finds the topic's Route
 *          → Route.take → Intake (channel/intake.ts): decodes, converts, checks
 *              → Journal.reading (channel/journal.ts): number and place in the open group
 *              → Engine.reading (rules/engine.ts): judges; emits events in the same tick
 *                  → emit (below): the event's own row in the same group, then
 *                      → Outputs.onAlert → command row, command on the broker
 *                      → Publisher.onAlert → retained alert, event
 *                      → live log, stream
 *                      → Notifiers.offer: told after the commit
 *   end of the turn → Journal posts the group → storage thread: one transaction, one fsync
 *   committed → Wire.release: PUBACKs in order; answers to acts; notifiers
 *
 * One long function on purpose: each step needs what the steps before it made, and their order is the design. What is
 * opened puts its end on a stack, and the stop runs the stack from the top.
 */
async function start(host: Host, first: Config): Promise<Running> {
  const { clock, log, metrics } = host;
  let config = first;
  const endings: { readonly name: string; readonly end: () => Promise<void> | void }[] = [];
  const onEnd = (name: string, end: () => Promise<void> | void): void =>
    void endings.push({ name, end });
  const runEndings = async (): Promise<void> => {
    for (const { name, end } of endings.splice(0).toReversed()) {
      try {
        await end();
      } catch (error) {
        log.error('could not end in good order', { part: name, error: messageOf(error) });
      }
    }
  };

  try {
    const startedAt = clock.wallMs();
    const { directory } = config.storage;
    const lock = takeInstanceLock(directory);
    onEnd('lock', () => lock.release());

    // Storage, and what it remembers.
    const storageLog = log.area('storage');
    let lastWords = (): void => {};
    const storage = await startStorage(
      { directory, bootId: host.bootId },
      {
        committed: (group, buffer) => journal.committed(group, buffer),
        waiting: (reason) => storageLog.warn('a commit has to wait', { reason }),
        problem: ({ message, fields }) => storageLog.error(message, fields),
        failed: (error) => {
          // Nothing can be acknowledged any more: better to end and be started again than to look alive.
          storageLog.error('storage failed', { error: messageOf(error) });
          lastWords();
        },
      },
    );
    onEnd('storage', () => storage.close());
    const { recovery } = storage;

    // Time, and the journal.
    const { stamp } = recovery;
    const lastTrusted = lastTrustedBefore(recovery);
    const lastTrustedMs = stamp?.trusted === true ? stamp.wallMs : (lastTrusted?.wallMs ?? null);
    const isTrusted = (): boolean =>
      isClockTrusted({
        mode: config.clock,
        wallMs: clock.wallMs(),
        lastTrustedMs,
        synchronised: host.isClockSynchronised(),
      });
    const time = new EngineTime({
      clock,
      bootId: host.bootId,
      trusted: isTrusted(),
      before: stamp,
      lastTrusted,
    });
    const journal = new Journal({
      clock,
      time,
      metrics,
      nextSeq: recovery.nextSeq,
      dayMs: recovery.dayMs,
      commitDelayMs: config.storage.commitDelayMs,
      post: (group) => storage.post(group),
      takeMemories: () => inlet.memories.takeChanged(),
    });

    // The engine, and where everything enters it.
    const engine = createEngine({
      nextSeq: () => journal.nextSeq,
      emit: (event) => emit(event),
      watched: (name, verdict, cause) => outputs.onCondition(name, verdict, cause),
    });
    const timer = createEngineTimer(engine, time, clock);
    onEnd('timer', () => timer.stop());
    const quarantine = new Quarantine(recovery.quarantine);
    const problemsTold = new Set<string>();
    // Between two configs the points are those of one and the rules those of the other.
    let areRulesInForce = false;
    const tellProblem = (text: string): void => {
      if (!areRulesInForce || problemsTold.has(text)) return;
      problemsTold.add(text);
      log.area('points').warn(text);
    };
    const inlet = createInlet({
      journal,
      engine,
      time,
      quarantine,
      recovery,
      problem: tellProblem,
      entered: () => timer.rearm(),
    });
    const { intake, points, input } = inlet;
    let findScheduleState: FindScheduleState | null = null;
    // What knows time zones takes memory: it is there once a rule has a schedule.
    const loadTimes = async (rules: readonly Rule[]): Promise<void> => {
      if (findScheduleState !== null || !hasSchedule(rules)) return;
      ({ findScheduleState } = await import('./host/schedule-times.ts'));
    };
    const schedules = createSchedules({ clock, time, find: () => findScheduleState, input });
    onEnd('schedules', () => schedules.stop());
    const sources = createSources({ clock, points, input });

    // The brokers.
    const users = new Map(recovery.users);
    const nobodysCredential = await createCredential('');
    const embedded = await EmbeddedBroker.start({
      id: 'limen',
      log: log.area('broker'),
      metrics,
      verify: async (name, password) => {
        // An unknown name costs the same time as a known one.
        const isRight = await verifyCredential(password, users.get(name) ?? nobodysCredential);
        return isRight && users.has(name);
      },
      door: {
        sink: (topic) => (isOwnTopic(topic) ? 'own' : (intake.route('embedded', topic) ?? 'relay')),
        present: (isHeard) => outputs.present('embedded', isHeard),
        begin: (publisher) => intake.begin(publisher?.clientId ?? null),
        client: (id, connected) => sources.client(id, connected),
        command: (topic, payload, retain, from) =>
          acts.command({ topic, payload, retain }, from.username ?? from.clientId),
        get openGroup() {
          return journal.openGroup;
        },
        get unstoredRows() {
          return journal.unstoredRows;
        },
        hold: (holder) => journal.hold(holder),
        wait: () => journal.wait(),
      },
    });
    onEnd('broker', () => embedded.close());
    const isOwnTopic = (topic: string): boolean => topic.startsWith(`${config.publish.prefix}/`);
    const remotes = new Map<string, RemoteBroker>();
    const sendTo = (
      broker: string,
      topic: string,
      payload: string,
      how: { retain: boolean; queue: boolean },
    ): void => {
      if (broker === 'embedded') embedded.publish(topic, payload, how);
      else remotes.get(broker)?.publish(topic, payload, how);
    };
    const publishLinks = () =>
      config.publish.to.map((name) => ({
        name,
        // What is lost while a link is down comes back whole with it, so nothing waits.
        publish: (topic: string, payload: string, { retain }: { readonly retain: boolean }) =>
          sendTo(name, topic, payload, { retain, queue: false }),
      }));

    // The consumers of the same tick.
    const stream = createStream({ log: log.area('stream'), metrics });
    const liveLog = createLiveLog(log, clock, () => watchReadings());
    onEnd('live log', () => liveLog.stop());
    const publisher = createPublisher({
      prefix: config.publish.prefix,
      links: publishLinks(),
      wallOf: (at) => time.wallOf(at),
      findAlert: (key) => engine.find(key),
      log: log.area('publisher'),
      metrics,
    });
    const boards = createBoards({
      log: log.area('boards'),
      journal,
      known: lastRows(recovery, 'board'),
      listener: () => outputs.boards,
    });
    const programs = createPrograms({
      clock,
      log: log.area('output'),
      environment: process.env,
    });
    const gpio = createGpioLines({
      clock,
      log: log.area('output'),
      environment: process.env,
    });
    onEnd('GPIO lines', () => gpio.close());
    const outputs = createOutputs({
      specs: config.outputs,
      rules: actingRules(config),
      clock,
      log: log.area('output'),
      metrics,
      journal,
      engineMs: () => time.now(),
      wallMs: () => clock.wallMs(),
      publish: ({ broker, topic }, payload) => {
        if (broker === 'embedded') embedded.command(topic, payload);
        else remotes.get(broker)?.publish(topic, payload, { retain: false, queue: false });
      },
      drive: (command) => boards.drive(command),
      programs,
      gpio,
      isClockTrusted: isTrusted,
      fault: (output, isThere, note) => faults.output(output, isThere, note),
      linkOf: (broker) => {
        if (broker === 'embedded' || remotes.get(broker)?.connected === true) return 'up';
        return config.brokers.some(({ name }) => name === broker) ? 'down' : 'none';
      },
      publishStatus: (status) => {
        publisher.outputStatus(status);
        liveLog.onOutput(status);
        stream.emit({ kind: 'output', output: status });
      },
      faultPoint: host.faultPoint,
    });

    // The consumers by cursor.
    const notifiers = createNotifiers({
      site: config.site,
      specs: config.notifiers,
      rules: actingRules(config),
      clock,
      log: log.area('notifier'),
      metrics,
      journal,
      environment: process.env,
      async readPending(notifier, afterSeq, rowsMax) {
        const rows = await storage.rows({ kind: 'alert', afterSeq, notifier, rowsMax });
        return rows.flatMap(({ seq, body }) => {
          // a row that emit wrote
          const row = body as AlertRow;
          const edge = notifyEdge(row);
          return edge === null
            ? []
            : [
                {
                  seq,
                  edge,
                  id: String(row.shown['id']),
                  alert: toldAlert(row.shown, row.notice),
                  drill: row.drill,
                },
              ];
        });
      },
      faultPoint: host.faultPoint,
    });
    onEnd('notifiers', () => notifiers.stop());

    const emit = (event: AlertEvent): void => {
      const { alert, ...concluded } = event;
      const row: AlertRow = {
        ...concluded,
        notify: notifiers.offer(event),
        shown: alertFacts(alert),
        compared: engine.compared(alert),
        config: inlet.configSeq,
        evidence: intake.evidence() ?? points.evidenceOf(alert, event.cause.at(-1)),
      };
      // A normal alert whose condition changes is shown so, and not kept: its next reading tells the same.
      const isKept = event.kind !== 'condition' || isShown(alert);
      const seq = isKept
        ? journal.appendAt(event.at, 'alert', alertKey(alert), row)
        : journal.skip();
      if (seq !== alert.seq)
        throw new Error(`alert event ${alert.seq} was given the number ${seq}`);
      points.noteDelay(alert);
      outputs.onAlert(event);
      publisher.onAlert(event);
      liveLog.onAlert(event);
      if (stream.hasListeners && event.kind !== 'notice') {
        stream.emit({ kind: 'alert', alert: row.shown, from: event.from, to: event.to });
      }
      timer.rearm();
    };

    // Readings for people who watch, and for outputs that wait for a good one.
    const showReading = (
      point: PointRef,
      seq: Seq,
      atMs: WallMs,
      value: number,
      quality: number,
    ): void => {
      const reading: ReadingRecord = {
        seq,
        at_ms: atMs,
        device: point.device,
        metric: point.metric,
        value: displayValue(point, value),
        unit: point.unit,
        quality: qualityOf(quality),
      };
      if (outputs.awaitsReadings && isGoodNews(quality)) outputs.heard(point);
      if (liveLog.showsReadings) liveLog.reading(reading);
      if (stream.hasListeners) stream.emit({ kind: 'reading', reading });
    };
    const watchReadings = (): void => {
      const isWatched = liveLog.showsReadings || stream.hasListeners || outputs.awaitsReadings;
      intake.watcher = isWatched ? showReading : null;
    };

    const acts = createActs({
      prefix: () => config.publish.prefix,
      journal,
      publisher,
      stream,
      metrics,
      outputs,
      presentId: (alert) => engine.find(alert)?.id ?? null,
      input,
    });

    // Without it windows begin empty: what they judge is then unknown for a while, which is no reason not to start.
    const findRecent = async (query: RecentQuery): Promise<RecentReadings | null> => {
      try {
        return await storage.recent(query);
      } catch (error) {
        storageLog.warn('windows begin empty', { error: messageOf(error) });
        return null;
      }
    };

    // The state of the last run, and the start as an input. Nothing is shown before it is on disk: from then on numbers
    // are reserved ahead.
    engine.restore(engineSnapshot(recovery, time.wallOffsetMs));
    const configure = (): void => {
      areRulesInForce = false;
      points.configure(config.points, config.rules, config.outputs);
      intake.configure(config.sources);
      embedded.forgetTopics();
    };
    const tellProblems = (): void => {
      areRulesInForce = true;
      problemsTold.clear();
      for (const problem of [...points.problems(), ...engine.problems()]) tellProblem(problem);
    };
    const recentQuery = gatherQuery(config.rules, points.all(), time.startedAt);
    await loadTimes(config.rules);
    // Asked before the first input, after which nothing may come between it and the start.
    const recent = recentQuery === null ? null : await findRecent(recentQuery);
    const { version, bootId } = host;
    const known = { config, recent, version, bootId, localOffsetMs };
    enterStart({ inlet, engine, time, schedules, ...known, configure });
    tellProblems();
    for (const alert of engine.open()) points.noteDelay(alert);
    await journal.drained();

    // The consumers go on from the engine's state. The last row is written when nothing can come in any more.
    onEnd('journal', async () => {
      inlet.storeHabits();
      input('limen', {}, { kind: 'stopped' });
      await journal.finish();
    });
    lastWords = () => {
      outputs.stop();
      clock.after(lastWordsMs, () => process.exit(1));
    };
    publisher.start(shownAlerts(engine));
    boards.configure(drivenPins(config.outputs));
    outputs.start(engine.open(), lastRows(recovery, 'output'));
    if (time.creditMs > 0) outputs.credit(time.creditMs);
    notifiers.start(lastRows(recovery, 'notification'));
    onEnd('notifiers', () => notifiers.stop());

    // Other brokers.
    for (const broker of config.brokers) {
      const { prefix, to } = config.publish;
      const { name } = broker;
      const publishes = to.includes(name);
      const remote = connectRemote({
        broker,
        clientId: `limen-${recovery.installationId}`,
        will: publishes ? { topic: `${prefix}/status`, payload: 'offline', retain: true } : null,
        log: log.area('broker'),
        metrics,
        clock,
      });
      onEnd(`broker ${name}`, () => remote.close());
      remotes.set(name, remote);
      listenToBroker({
        remote,
        filters: config.sources.flatMap((source) =>
          source.kind === 'mqtt' && source.broker === name
            ? [compileTopicPattern(source.pattern).filter]
            : [],
        ),
        begin: () => intake.begin(name),
        route: (topic) => intake.route(name, topic),
        afterCommit: (callback) => journal.afterCommit(callback),
        prefix: publishes ? prefix : null,
        command: (message) => acts.command(message, name),
        retained: (topic) => publisher.correct(name, [topic]),
      });
      const bringsReadings = config.sources.some(
        (source) => source.kind === 'mqtt' && source.broker === name,
      );
      // Until it is there for the first time it is away: that is told after a minute, too.
      if (bringsReadings && !remote.connected) sources.broker(name, false);
      remote.onLink((up) => {
        if (bringsReadings) sources.broker(name, up);
        if (!up) return;
        publisher.linkUp(name);
        outputs.linkUp(name);
        watchReadings();
      });
    }

    const faults = createFaultWatch({
      clock,
      engine,
      notifiers,
      journal,
      isClockTrusted: isTrusted,
      input,
    });
    // Serial ports, and the boards at their ends.
    const ports = readPorts({ clock, log, metrics, intake, journal, sources, boards });
    onEnd('serial ports', () => ports.close());
    const leases = keepLeases({
      clock,
      hasBoards: () => boardsOf(config.sources).length > 0,
      prove() {
        engine.advance(time.now());
        timer.rearm();
        ports.lives();
      },
    });
    onEnd('leases', () => leases.stop());
    ports.configure(config.sources);

    const house = keepHouse({
      host,
      time,
      timer,
      journal,
      engine,
      points,
      intake,
      quarantine,
      notifiers,
      storage,
      schedules,
      isClockTrusted: isTrusted,
      sources,
      watchReadings,
      lookForFaults: () => faults.look(),
      credit: (ms) => outputs.credit(ms),
      input,
    });
    onEnd('house', () => house.stop());

    // The doors, producers last.
    const listeners = createListeners({
      ...config.broker,
      embedded,
      log: log.area('broker'),
      hasUsers: () => users.size > 0,
    });
    const reader = createReader(directory, clock, storageLog);
    onEnd('reader', () => reader.close());
    let httpUrl: string | null = null;
    const api = createApi({
      host,
      startedAt,
      config: () => config,
      listeners: () => listeners.urls,
      httpUrl: () => httpUrl,
      time,
      journal,
      engine,
      points,
      intake,
      quarantine,
      embedded,
      remotes,
      boards,
      ports: () => ports.statuses(),
      outputs,
      notifiers,
      stream,
      storage,
      reader,
      users,
      openListeners: () => listeners.open(),
      watchReadings,
      act: acts.perform,
      command: acts.performCommand,
      drill: createDrill({
        config: () => config,
        clock,
        time,
        journal,
        embedded,
        outputs,
        notifiers,
        emit,
      }),
    });
    const http = createHttpServer({ api, log: log.area('http') });
    const socket = await http.listen({ socketPath: join(directory, 'limen.sock') });
    onEnd('socket', () => socket.close());
    const tcp = await http.listen(config.http);
    onEnd('http', () => tcp.close());
    httpUrl = tcp.url;
    watchReadings();
    await listeners.open();

    const simulations: Simulation[] = [];
    const simulate = async (scenario: string): Promise<void> => {
      const { runScenario } = await import('./producers/simulator.ts');
      const url = listeners.openToAll;
      if (url === null) {
        throw new LimenError(
          'invalid',
          'A simulated source needs an mqtt:// listener of this machine alone (mqtt://127.0.0.1:1883) and anonymous: loopback',
        );
      }
      simulations.push(runScenario({ scenario, url, clock, log: log.area('simulator') }));
    };
    for (const source of config.sources)
      if (source.kind === 'simulate') await simulate(source.scenario);
    onEnd(
      'simulators',
      async () => void (await Promise.all(simulations.map((each) => each.stop()))),
    );

    if (config.heartbeat !== null) {
      const heartbeat = createHeartbeat({
        ...config.heartbeat,
        clock,
        log: log.area('heartbeat'),
        metrics,
        async probe() {
          if (!(await embedded.probe(stallMs))) return false;
          engine.advance(time.now());
          await journal.drained();
          return true;
        },
      });
      heartbeat.start();
      onEnd('heartbeat', () => heartbeat.stop());
    }
    // On a new installation no point was ever heard: that is no reason to warn.
    const tellUnmatched = points.size === 0 ? log.area('rules').info : log.area('rules').warn;
    for (const rule of unmatchedRules(config.rules, points.all())) {
      tellUnmatched('the rule matches no point that was ever heard', { rule });
    }
    log.info('running', {
      site: config.site,
      version: host.version,
      data: directory,
      http: httpUrl,
    });

    return {
      api,
      async reconfigure(next) {
        const fixed = changedBeyondReload(config, next);
        if (fixed !== null)
          throw new LimenError('conflict', `A change of ${fixed} needs a restart`);
        await loadTimes(next.rules);
        const before = config;
        config = next;
        publisher.configure(config.publish.prefix, publishLinks());
        // The consumers go around the engine: what it concludes from the config is theirs to tell and to drive by the
        // same config, and what they only have by the old one goes after that.
        const judge = (): void => {
          schedules.configure(config.rules);
          configure();
          enterConfig(input, config);
          tellProblems();
        };
        const acting = actingRules(config);
        const tell = (): void => notifiers.configure(config.notifiers, acting, judge);
        boards.configure(drivenPins(config.outputs));
        outputs.configure(config.outputs, acting, tell);
        ports.configure(config.sources);
        leases.look();
        journal.commitDelayMs = config.storage.commitDelayMs;
        logReload(log.area('config'), before, config);
      },
      async stop() {
        embedded.closeListeners();
        outputs.stop();
        publisher.stop();
        // What was just said, and the acknowledgements of what is on disk, reach the clients before they are cut off.
        await journal.drained();
        await embedded.probe(stallMs);
        await Promise.all([programs.idle(), gpio.idle()]);
        await embedded.close();
        await runEndings();
      },
    };
  } catch (error) {
    await runEndings();
    throw error;
  }
}
