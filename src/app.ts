import { join } from 'node:path';
import { EmbeddedBroker } from './broker/embedded.ts';
import { isLoopback, type ListenRequest } from './broker/listeners.ts';
import { connectRemote, type RemoteBroker } from './broker/remote.ts';
import { readCommand } from './channel/commands.ts';
import { createEngineTimer } from './channel/engine-timer.ts';
import { EngineTime } from './channel/engine-time.ts';
import { Intake, type Route } from './channel/intake.ts';
import { Journal } from './channel/journal.ts';
import { createMemories } from './channel/memories.ts';
import { Points, type PointRef } from './channel/points.ts';
import { Quarantine } from './channel/quarantine.ts';
import { engineSnapshot, lastRows, type AlertRow } from './channel/recover.ts';
import { compileTopicPattern } from './channel/topic-pattern.ts';
import { createHeartbeat } from './consumers/heartbeat.ts';
import { createLiveLog } from './consumers/live-log.ts';
import { notifyEdge } from './consumers/notifiers/edges.ts';
import { createNotifiers } from './consumers/notifiers/notifiers.ts';
import { createOutputs } from './consumers/outputs/outputs.ts';
import { createPublisher } from './consumers/publisher.ts';
import { createStream } from './consumers/stream.ts';
import type { Act, ActAnswer } from './domain/act.ts';
import { alertJson, alertKey, type AlertEvent } from './domain/alert.ts';
import type { LimenApi, ReadingRecord } from './domain/api.ts';
import type { Config, NamedBroker } from './domain/config.ts';
import type { ActVerdict, EngineInput } from './domain/engine.ts';
import { LimenError, messageOf } from './domain/error.ts';
import { limits } from './domain/limits.ts';
import { displayValue, pointName } from './domain/point.ts';
import { qualityOf, type Seq } from './domain/reading.ts';
import type { WallMs } from './domain/time.ts';
import { createApi, stallMs, unmatchedRules } from './app-api.ts';
import { createDrill } from './app-drill.ts';
import type { Timer } from './host/clock.ts';
import { isClockTrusted } from './host/clock-trust.ts';
import { createCredential, verifyCredential } from './host/credential.ts';
import type { Host } from './host/host.ts';
import { createHttpServer } from './http/server.ts';
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
  reconfigure(config: Config): void;
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
      else running.reconfigure(config);
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
    const lastTrustedMs = recovery.stamp?.trusted === true ? recovery.stamp.wallMs : null;
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
      before: recovery.stamp,
    });
    const journal = new Journal({
      clock,
      time,
      metrics,
      nextSeq: recovery.nextSeq,
      dayMs: recovery.dayMs,
      commitDelayMs: config.storage.commitDelayMs,
      post: (group) => storage.post(group),
      takeMemories: () => memories.takeChanged(),
    });

    // The engine. Every input but a reading passes here: it has its row before the engine sees it.
    const engine = createEngine({ nextSeq: () => journal.nextSeq, emit: (event) => emit(event) });
    const timer = createEngineTimer(engine, time, clock);
    onEnd('timer', () => timer.stop());
    const input = (
      key: string,
      body: unknown,
      given: EngineInput,
    ): { seq: Seq; verdict: ActVerdict | null } => {
      const at = time.now();
      const seq = journal.appendAt(at, given.kind, key, body);
      const verdict = engine.accept(seq, at, given);
      // Readings that follow in the same chunk of bytes must not seem older than this input.
      intake.begin();
      timer.rearm();
      return { seq, verdict };
    };
    const points = new Points(recovery.points, recovery.pointMemories, (point) => {
      input(pointName(point), point, { kind: 'point', point });
    });
    const memories = createMemories(engine, recovery.pointMemories, () => points.lastIndex);
    const quarantine = new Quarantine(recovery.quarantine);
    const intake = new Intake({ journal, engine, time, points, quarantine });

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
        begin: () => intake.begin(),
        command: (topic, payload, retain, from) =>
          command({ topic, payload, retain }, from.username ?? from.clientId),
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
    const outputs = createOutputs({
      specs: config.outputs,
      rules: config.rules,
      clock,
      log: log.area('output'),
      metrics,
      journal,
      engineMs: () => time.now(),
      wallMs: () => clock.wallMs(),
      send: (spec, payload) =>
        sendTo(spec.broker, spec.topic, payload, { retain: false, queue: false }),
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
      rules: config.rules,
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
            : [{ seq, edge, id: String(row.shown['id']), alert: row.shown, drill: row.drill }];
        });
      },
      faultPoint: host.faultPoint,
    });
    onEnd('notifiers', () => notifiers.stop());

    const emit = (event: AlertEvent): void => {
      const { alert } = event;
      const row: AlertRow = {
        kind: event.kind,
        at: event.at,
        from: event.from,
        to: event.to,
        reason: event.reason,
        cause: event.cause,
        point: event.point,
        drill: event.drill,
        notify: notifiers.offer(event),
        shown: alertJson(alert),
        memory: event.memory,
        evidence: intake.evidence(),
      };
      // A normal alert whose condition changes is shown so, and not kept: its next reading tells the same.
      const isKept = event.kind !== 'condition' || alert.state !== 'normal';
      const seq = isKept
        ? journal.appendAt(event.at, 'alert', alertKey(alert), row)
        : journal.skip();
      if (seq !== alert.seq)
        throw new Error(`alert event ${alert.seq} was given the number ${seq}`);
      outputs.onAlert(event);
      publisher.onAlert(event);
      liveLog.onAlert(event);
      if (stream.hasListeners) {
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
      if (outputs.awaitsReadings && reading.quality === 'good') outputs.heard(point);
      if (liveLog.showsReadings) liveLog.reading(reading);
      if (stream.hasListeners) stream.emit({ kind: 'reading', reading });
    };
    const watchReadings = (): void => {
      const isWatched = liveLog.showsReadings || stream.hasListeners || outputs.awaitsReadings;
      intake.watcher = isWatched ? showReading : null;
    };

    // Acts: from a topic, the CLI or HTTP, all the same.
    const answer = (
      act: string,
      id: string | null,
      by: string,
      verdict: ActVerdict,
      seq: Seq,
    ): Promise<ActAnswer> => {
      const given: ActAnswer = {
        act,
        id: verdict.result === 'done' ? verdict.alert.id : id,
        by,
        result: verdict.result,
        reason: verdict.result === 'refused' ? verdict.reason : null,
        seq,
      };
      journal.append('answer', act, given);
      return new Promise((resolve) => {
        journal.afterCommit(() => {
          publisher.answer(given);
          if (stream.hasListeners) stream.emit({ kind: 'answer', answer: given });
          resolve(given);
        });
      });
    };
    const perform = (act: Act): Promise<ActAnswer> => {
      const { seq, verdict } = input(alertKey(act.alert), act, { kind: 'act', act });
      if (verdict === null) throw new Error('the engine did not answer an act');
      return answer(act.act === 'acknowledge' ? 'ack' : act.act, act.id, act.by, verdict, seq);
    };
    const forged = metrics.counter(
      'limen_messages_ignored_total',
      "Messages on Limen's own topics that are no command",
    );
    const command = (
      message: { topic: string; payload: Buffer; retain: boolean },
      from: string,
    ): boolean => {
      const asked = readCommand(config.publish.prefix, message, from);
      switch (asked.kind) {
        case 'act':
          void perform(asked.act);
          return true;
        case 'refused':
          void answer(
            asked.act,
            asked.id,
            asked.by,
            { result: 'refused', reason: asked.reason },
            journal.nextSeq,
          );
          return true;
        case 'ignored':
          forged.value++;
          return false;
        default:
          return asked satisfies never;
      }
    };

    // The state of the last run, and the start as an input. Nothing is shown before it is on disk: from then on numbers
    // are reserved ahead.
    engine.restore(engineSnapshot(recovery, time.wallOffsetMs));
    const configure = (): void => {
      points.configure(config.points, config.rules);
      intake.configure(config.sources);
      embedded.forgetTopics();
    };
    configure();
    const configured = input(
      'config',
      { hash: config.hash, text: config.text },
      configInput(config),
    );
    for (const point of points.all())
      engine.accept(configured.seq, time.now(), { kind: 'point', point });
    const { elapsedMs, downMs, stoppedAt, wallOffsetMs } = time;
    input(
      'limen',
      {
        version: host.version,
        boot_id: host.bootId,
        elapsed_ms: elapsedMs,
        down_ms: downMs,
        stopped_at: stoppedAt,
        wall_offset_ms: wallOffsetMs,
      },
      { kind: 'started', elapsedMs, downMs, stoppedAt, wallOffsetMs },
    );
    await journal.drained();

    // The consumers go on from the engine's state. The last row is written when nothing can come in any more.
    onEnd('journal', async () => {
      input('limen', {}, { kind: 'stopped' });
      await journal.finish();
    });
    lastWords = () => {
      outputs.stop();
      clock.after(lastWordsMs, () => process.exit(1));
    };
    publisher.start(engine.open());
    outputs.start(engine.open(), lastRows(recovery, 'output'));
    notifiers.start(lastRows(recovery, 'notification'));
    onEnd('notifiers', () => notifiers.stop());

    // Other brokers.
    const listenTo = (remote: RemoteBroker, broker: NamedBroker): void => {
      const routes = new Map<string, Route | null>();
      const { prefix } = config.publish;
      for (const source of config.sources) {
        if (source.kind !== 'mqtt' || source.broker !== broker.name) continue;
        remote.subscribe(
          compileTopicPattern(source.pattern).filter,
          ({ topic, payload, retain }, done) => {
            let route = routes.get(topic);
            if (route === undefined) {
              route = intake.route(broker.name, topic);
              if (routes.size >= limits.topicCacheMax) routes.clear();
              routes.set(topic, route);
            }
            intake.begin();
            const rows =
              route === null
                ? 0
                : retain
                  ? route.takeRetained(payload)
                  : route.take(payload, 0, payload.length);
            if (rows > 0) journal.afterCommit(done);
            else done();
          },
        );
      }
      if (config.publish.to.includes(broker.name)) {
        for (const filter of [`${prefix}/alerts/+/+/+/+`, `${prefix}/outputs/+/+`]) {
          remote.subscribe(filter, ({ topic, payload, retain }, done) => {
            if (command({ topic, payload, retain }, broker.name)) journal.afterCommit(done);
            else done();
          });
        }
        remote.subscribe(`${prefix}/alerts/+/+/+`, ({ topic, retain }, done) => {
          if (retain) publisher.correct(broker.name, [topic]);
          done();
        });
      }
      remote.onLink((up) => {
        if (!up) return;
        publisher.linkUp(broker.name);
        outputs.linkUp(broker.name);
        watchReadings();
      });
    };
    for (const broker of config.brokers) {
      const publishes = config.publish.to.includes(broker.name);
      const remote = connectRemote({
        broker,
        clientId: `limen-${recovery.installationId}`,
        will: publishes
          ? { topic: `${config.publish.prefix}/status`, payload: 'offline', retain: true }
          : null,
        log: log.area('broker'),
        metrics,
        clock,
      });
      onEnd(`broker ${broker.name}`, () => remote.close());
      remotes.set(broker.name, remote);
      listenTo(remote, broker);
    }

    // Once a second: what no event tells.
    let isStalled = false;
    let housekeeping: Timer;
    let quietSeconds = 0;
    const keepHouse = (): void => {
      housekeeping = clock.after(1_000, keepHouse);
      const change = time.check(isTrusted());
      if (change !== null) {
        log.area('clock').info('wall clock mapped anew', { ...change });
        input('clock', change, {
          kind: 'clock',
          wallOffsetMs: change.wallOffsetMs,
          creditMs: change.creditMs,
        });
      }
      engine.advance(time.now());
      timer.rearm();
      watchReadings();
      const stalls = journal.postedForMs > stallMs;
      if (stalls !== isStalled) {
        isStalled = stalls;
        if (stalls)
          storageLog.error('no commit for 2 s; alerts and outputs go on, acknowledgements wait');
        else storageLog.info('commits go on');
        notifiers.stalled(stalls);
      }
      if (journal.quietForMs >= limits.tickMs) journal.flush();
      quietSeconds = (quietSeconds + 1) % 5;
      const samples = quietSeconds === 0 ? quarantine.takeChanged() : null;
      if (samples !== null) storage.storeQuarantine(samples);
    };
    keepHouse();
    onEnd('housekeeping', () => {
      housekeeping.cancel();
      const samples = quarantine.takeChanged();
      if (samples !== null) storage.storeQuarantine(samples);
    });
    metrics.gauge(
      'limen_readings_accepted_total',
      'Readings that reached the intake',
      () => intake.acceptedCount,
    );
    metrics.gauge(
      'limen_readings_stored_total',
      'Readings with a number, of any quality',
      () => intake.storedCount,
    );
    metrics.gauge(
      'limen_readings_rejected_total',
      'Payloads rejected with a reason',
      () => intake.acceptedCount - intake.storedCount,
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

    // The doors, producers last.
    const listeners: string[] = [];
    const waitingListeners: ListenRequest[] = [];
    for (const listen of config.broker.listen) {
      const onLoopback = isLoopback(listen.host);
      const loginRequired = !onLoopback || config.broker.anonymous === 'never';
      waitingListeners.push({ ...listen, loginRequired });
    }
    /** Where a simulated device connects. */
    let openToAll: string | null = null;
    const openListeners = async (): Promise<void> => {
      const ready = waitingListeners.filter(({ host: name }) => isLoopback(name) || users.size > 0);
      const waiting = waitingListeners.filter((request) => !ready.includes(request));
      waitingListeners.splice(0, Infinity, ...waiting);
      const urls = await embedded.listen(ready);
      listeners.push(...urls);
      openToAll ??=
        urls.find((url, at) => url.startsWith('mqtt:') && !ready[at]?.loginRequired) ?? null;
      for (const { scheme, host: name, port } of waiting) {
        log
          .area('broker')
          .warn(
            `${scheme}://${name}:${port} stays closed: it can be reached from the network and no user exists yet. ` +
              'Type: limen user add <name>',
          );
      }
    };
    const reader = createReader(directory, clock);
    onEnd('reader', () => reader.close());
    let httpUrl: string | null = null;
    const api = createApi({
      host,
      startedAt,
      config: () => config,
      listeners: () => listeners,
      httpUrl: () => httpUrl,
      time,
      journal,
      engine,
      points,
      intake,
      quarantine,
      embedded,
      remotes,
      outputs,
      notifiers,
      stream,
      storage,
      reader,
      users,
      openListeners,
      watchReadings,
      act: perform,
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
    await openListeners();
    for (const url of listeners) log.area('broker').info(`listening on ${url}`);

    const simulations: Simulation[] = [];
    const simulate = async (scenario: string): Promise<void> => {
      const { runScenario } = await import('./producers/simulator.ts');
      const url = openToAll;
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
    for (const rule of unmatchedRules(config, points)) {
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
      reconfigure(next) {
        const fixed = changedBeyondReload(config, next);
        if (fixed !== null)
          throw new LimenError('conflict', `A change of ${fixed} needs a restart`);
        config = next;
        configure();
        input('config', { hash: config.hash, text: config.text }, configInput(config));
        outputs.configure(config.outputs, config.rules);
        notifiers.configure(config.notifiers, config.rules);
        publisher.configure(config.publish.prefix, publishLinks());
        journal.commitDelayMs = config.storage.commitDelayMs;
      },
      async stop() {
        embedded.closeListeners();
        outputs.stop();
        publisher.stop();
        // What was just said, and the acknowledgements of what is on disk, reach the clients before they are cut off.
        await journal.drained();
        await embedded.probe(stallMs);
        await embedded.close();
        await runEndings();
      },
    };
  } catch (error) {
    await runEndings();
    throw error;
  }
}

function configInput({ rules, points }: Config): EngineInput {
  return { kind: 'config', rules, points };
}

/** The first part of the config that only a restart can change; null: none differs. */
function changedBeyondReload(before: Config, after: Config): string | null {
  const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  if (before.site !== after.site) return 'site';
  if (differs(before.broker, after.broker)) return 'broker';
  if (differs(before.brokers, after.brokers)) return 'brokers';
  if (differs(before.http, after.http)) return 'http';
  if (differs(before.heartbeat, after.heartbeat)) return 'heartbeat';
  if (before.storage.directory !== after.storage.directory) return 'storage.directory';
  if (before.clock !== after.clock) return 'clock';
  const elsewhere = ({ sources }: Config): unknown =>
    sources.filter((source) => source.kind === 'simulate' || source.broker !== 'embedded');
  return differs(elsewhere(before), elsewhere(after))
    ? 'sources of other brokers or simulated ones'
    : null;
}
