import {
  alertKey,
  isOpen,
  type Alert,
  type AlertEvent,
  type AlertKey,
  type Condition,
} from '../../domain/alert.ts';
import { messageOf } from '../../domain/error.ts';
import { limits } from '../../domain/limits.ts';
import {
  conditionName,
  parseConditionName,
  type OutputCommand,
  type OutputCondition,
  type OutputLink,
  type OutputSpec,
  type OutputStatus,
  type PresentCommand,
} from '../../domain/output.ts';
import type { BoardListener, PinCommand, PinName } from '../../domain/board.ts';
import type { Seq } from '../../domain/reading.ts';
import { pointName } from '../../domain/point.ts';
import { compoundMetric } from '../../domain/clause.ts';
import type { ActingRule } from '../../domain/config.ts';
import { noFaultPoint, type FaultPoint } from '../fault-point.ts';
import { claimedLevel, type Claim, type ClaimAction, type Interlock } from './arbiter.ts';
import type { GpioLines } from './gpio-lines.ts';
import { linkOf } from './instruction.ts';
import { createLeftPlaces } from './left-places.ts';
import { OutputDriver } from './output-driver.ts';
import { createOutputFaults } from './output-faults.ts';
import type { LinkState, OutputNeighbours, OutputSurroundings } from './output-surroundings.ts';
import { noMemory, placeOf, readOutputMemory, type OutputMemory } from './output-memory.ts';
import type { Programs } from './programs.ts';

export interface OutputsOptions extends Omit<OutputSurroundings, 'faultPoint' | 'send' | 'linkOf'> {
  readonly specs: readonly OutputSpec[];
  /** For their `then:` claims. */
  readonly rules: readonly ActingRule[];
  /** Hands a payload to a broker; a link that is down drops it. */
  publish(place: { readonly broker: string; readonly topic: string }, payload: string): void;
  /** Drops it where the board is not up. */
  drive(command: PinCommand): void;
  readonly programs: Pick<Programs, 'run'>;
  readonly gpio: Pick<GpioLines, 'hold'>;
  linkOf(broker: string): LinkState;
  /** Whether the wall clock can be believed: else nobody knows how old a command is. */
  isClockTrusted(): boolean;
  /**
   * An output fails or is tripped, or works again: told in a turn of its own, once for each change. `note`: in words.
   */
  fault(output: string, isThere: boolean, note: string): void;
  readonly faultPoint?: FaultPoint;
}

/** The consumer that drives outputs. Called in the same tick as the engine's events; never throws to its caller. */
export interface Outputs {
  /**
   * Sends safe to every output, then asserts the claims of the restored alerts anew. A place that the last run drove and
   * that is no output's now is sent safe once, when its link is there. `memory`: the body of the last journal row of
   * kind `output` of each output, by name.
   */
  start(openAlerts: readonly Alert[], memory: ReadonlyMap<string, unknown>): void;
  onAlert(event: AlertEvent): void;
  /** A condition of `outputConditions` has another verdict; it may come before the start. */
  onCondition(name: string, verdict: Condition, cause: Seq): void;
  /** What a person asks; `seq`: the row of it. Returns why it is refused; null: it is done. */
  command(asked: OutputCommand, seq: Seq): string | null;
  /** Time before the start is known only now to have passed: holds from before end sooner by it. */
  credit(ms: number): void;
  /**
   * While true, the hot path calls `heard` for each good reading: a restored claim on an output with `on_unknown: safe`
   * waits for one.
   */
  readonly awaitsReadings: boolean;
  /** A good reading of a point came in. */
  heard(point: Pick<AlertKey, 'device' | 'metric'>): void;
  /** The link to a broker is there again: each of its outputs is sent safe, then its present level. */
  linkUp(broker: string): void;
  /** What the devices at these topics of a broker are to do now: for one that may have missed when it was said. */
  present(broker: string, isHeard: (topic: string) => boolean): readonly PresentCommand[];
  /** What becomes of boards. A board that is back gets what is wanted now, and nothing that was commanded before. */
  readonly boards: BoardListener;
  /**
   * Applies another config in place; an output that is gone or drives another topic is left safe. `judge` gives the
   * engine its part: what alerts do by it counts together with the new claims, so that no output moves for a claim that
   * is there neither before nor after.
   */
  configure(specs: readonly OutputSpec[], rules: readonly ActingRule[], judge?: () => void): void;
  statuses(): readonly OutputStatus[];
  /** Sends safe to every output; nothing is commanded afterwards. */
  stop(): void;
}

interface OpenAlert {
  readonly alert: Alert;
  readonly drill: boolean;
}

/** An alert that changed, and whether its spent claims count again. */
interface Change {
  readonly present: OpenAlert;
  readonly renews: boolean;
}

/** Creates the outputs; nothing is sent before `start`. */
export function createOutputs(options: OutputsOptions): Outputs {
  const drivers = new Map<string, OutputDriver>();
  const boardsUp = new Set<string>();
  // What is sent goes to a place that no output drives any more.
  let isFarewell = false;
  const sayFarewell = (step: () => void): void => {
    isFarewell = true;
    try {
      step();
    } finally {
      isFarewell = false;
    }
  };
  // What each output forbids others may have changed.
  const dirty = new Set<string>();
  const around: OutputSurroundings = {
    ...options,
    faultPoint: options.faultPoint ?? noFaultPoint,
    clock: {
      ...options.clock,
      after: (delayMs, callback) =>
        options.clock.after(delayMs, () => {
          callback();
          settle();
        }),
    },
    linkOf({ kind, name }) {
      if (kind === 'broker') return options.linkOf(name);
      return boardsUp.has(name) ? 'up' : 'down';
    },
    send(instruction, level, output) {
      if (instruction.kind === 'mqtt') return options.publish(instruction, instruction.payload);
      if (instruction.kind === 'pin') return options.drive(instruction.command);
      const isLast = isFarewell;
      const done = (problem: string | null): void => {
        // What becomes of a former device is no news of the present one.
        if (isLast) return;
        guard(output, () => drivers.get(output)?.carriedOut(problem));
        settle();
      };
      if (instruction.kind === 'gpio') return options.gpio.hold(instruction.setting, done);
      const isSafe = level === (drivers.get(output)?.spec.safe ?? level);
      options.programs.run({
        output,
        level,
        isSafe,
        isLast,
        program: instruction.program,
        done,
      });
    },
  };
  let actions = claimActions(options.rules);
  let rules = options.rules;
  let specs = options.specs;
  // Every open alert, not only those that claim: a changed rule may give one of them a claim.
  const open = new Map<string, OpenAlert>();
  // Restored alerts of which nothing was heard since, by key, as they were then.
  const unheard = new Map<string, Alert>();
  let isStopped = false;
  let isSettling = false;
  // While another config is applied: what happened meanwhile.
  let changes: Change[] | null = null;

  const claimOn = (output: string, { alert, drill }: OpenAlert): Claim | null => {
    const level = claimedLevel(alert, actions.get(alert.rule)?.get(output) ?? []);
    const awaitsReading = unheard.has(alertKey(alert));
    return level === null ? null : { alert, level, drill, awaitsReading };
  };
  const claimsOn = (output: string): Claim[] =>
    [...open.values()].flatMap((alert) => claimOn(output, alert) ?? []);

  // One output that fails must not keep the others, or the caller, from going on.
  const guard = (output: string, step: () => void): void => {
    try {
      step();
    } catch (error) {
      around.log.error('output failed', { output, error: messageOf(error) });
    }
  };

  // The verdicts of the watched conditions, by name.
  const conditions = new Map<string, Condition>();
  const seen = (output: string): OutputStatus['state'] => {
    const verdict = conditions.get(conditionName('feedback', output)) ?? 'unknown';
    return verdict === 'unknown' ? 'unknown' : verdict === 'breached' ? 'on' : 'off';
  };

  /** Outputs that must never be energised together with this one: whichever of the two says so. */
  const partnersOf = (name: string): readonly string[] => {
    const own = specs.find((spec) => spec.name === name)?.neverWith ?? [];
    return specs
      .filter((spec) => spec.name !== name)
      .filter((spec) => own.includes(spec.name) || spec.neverWith.includes(name))
      .map((spec) => spec.name);
  };

  const interlockOf = (spec: OutputSpec): Interlock => {
    const found: Interlock[] = partnersOf(spec.name).map(
      (name) =>
        drivers.get(name)?.forbids ?? { kind: 'unknown', why: `nobody knows what ${name} does` },
    );
    if (spec.onlyWhile !== null) {
      const verdict = conditions.get(conditionName('only_while', spec.name)) ?? 'unknown';
      if (verdict === 'clear') found.push({ kind: 'violated', why: 'its only_while is not true' });
      if (verdict === 'unknown')
        found.push({ kind: 'unknown', why: 'whether its only_while is true is not known' });
    }
    const violated = found.find(({ kind }) => kind === 'violated');
    return violated ?? found.find(({ kind }) => kind === 'unknown') ?? { kind: 'free' };
  };

  /** Lets every output look anew at those that forbid it, until nothing changes any more. */
  const settle = (): void => {
    if (isSettling || isStopped) return;
    isSettling = true;
    for (const name of dirty) {
      dirty.delete(name);
      const cause = drivers.get(name)?.status.seq;
      for (const partner of partnersOf(name))
        guard(partner, () => drivers.get(partner)?.assert(cause ? [cause as Seq] : []));
    }
    isSettling = false;
  };

  const faults = createOutputFaults({
    clock: around.clock,
    isThere: (output) => specs.some(({ name }) => name === output),
    tell: (output, isFailing, note) => options.fault(output, isFailing, note),
  });

  const startDriver = (spec: OutputSpec, memory: OutputMemory): void => {
    const { name } = spec;
    const neighbours: OutputNeighbours = {
      placesLeft: () => left.of(name),
      interlock: () => interlockOf(drivers.get(name)?.spec ?? spec),
      changed: () => void dirty.add(name),
      failing: (why) => faults.note(name, why),
    };
    const driver = new OutputDriver(spec, around, neighbours, seen(name));
    drivers.set(name, driver);
    const alerts = new Map([...open].map(([key, { alert }]) => [key, alert]));
    guard(name, () => driver.start(alerts, claimsOn(name), memory));
  };
  const assertAll = (names: Iterable<string>): void => {
    for (const name of names) guard(name, () => drivers.get(name)?.assert());
    settle();
  };

  const driversAt = (link: OutputLink): readonly [string, OutputDriver][] =>
    [...drivers].filter(([, { spec }]) => {
      const its = linkOf(spec);
      return its?.kind === link.kind && its.name === link.name;
    });
  const comeBack = (link: OutputLink): void => {
    const there = driversAt(link);
    for (const [name, driver] of there) guard(name, () => driver.linkUp());
    assertAll(there.map(([name]) => name));
  };
  const atPin = (board: string, pin: PinName, step: (driver: OutputDriver) => void): void => {
    if (isStopped) return;
    for (const [name, driver] of driversAt({ kind: 'board', name: board })) {
      const { way } = driver.spec;
      if (way.kind === 'pin' && way.pin === pin) guard(name, () => step(driver));
    }
    settle();
  };

  const send: OutputSurroundings['send'] = (...sent) => sayFarewell(() => around.send(...sent));
  const left = createLeftPlaces(
    { ...around, send },
    {
      specs: () => specs,
      record(name) {
        drivers.get(name)?.recordAnew();
        return drivers.has(name);
      },
      linkOf: around.linkOf,
      guard,
    },
  );

  const updateAll = (present: OpenAlert, renews: boolean): void => {
    if (changes !== null) {
      changes.push({ present, renews });
      return;
    }
    for (const [name, driver] of drivers) {
      guard(name, () => driver.update(present.alert, claimOn(name, present), renews));
    }
    settle();
  };

  const mustBeHeard = ({ rule }: Alert): boolean =>
    specs.some(({ name, onUnknown }) => onUnknown === 'safe' && actions.get(rule)?.has(name));

  // The alert of a compound rule rests on every point that the rule judges.
  const restsOn = (alert: Alert, point: Pick<AlertKey, 'device' | 'metric'>): boolean => {
    if (alert.metric !== compoundMetric) return pointName(alert) === pointName(point);
    const patterns = rules.find(({ name }) => name === alert.rule)?.points ?? [];
    return patterns.some((pattern) => pattern.matches(point.device, point.metric));
  };

  const follow = (kind: OutputCondition, output: string, cause: readonly Seq[]): void => {
    const driver = drivers.get(output);
    if (kind === 'feedback') driver?.see(seen(output), cause);
    else driver?.assert(cause);
  };

  // A command that was kept somewhere on its way has no effect.
  const lateness = ({ sentAt }: OutputCommand, { ttlMs }: OutputSpec): string | null => {
    if (sentAt === null) return null;
    if (!options.isClockTrusted()) return 'nobody knows how old it is: the clock is not trusted';
    const ageMs = around.wallMs() - sentAt;
    if (ageMs > ttlMs) return `it is ${Math.round(ageMs / 1000)} s old: older than its ttl`;
    return ageMs < -limits.sourceTimeFutureMs ? 'it was given in the future' : null;
  };

  return {
    start(openAlerts, memory) {
      for (const alert of openAlerts) {
        // What was told to fail in the last run is, until it is known to work.
        if (alert.rule === 'limen.output_failed' && alert.condition === 'breached')
          faults.restore(alert.device, limits.outputFaultWaitMs);
        const key = alertKey(alert);
        if (isOpen(alert.state)) open.set(key, { alert, drill: alert.reason === 'drill' });
        // A pending one too: its delay may be over because of what was heard before the restart.
        if (mustBeHeard(alert)) unheard.set(key, alert);
      }
      left.restore(memory);
      for (const spec of specs) startDriver(spec, readOutputMemory(memory.get(spec.name)));
      assertAll(specs.map(({ name }) => name));
    },

    onCondition(name, verdict, cause) {
      conditions.set(name, verdict);
      const known = parseConditionName(name);
      // While another config is applied the outputs follow at its end.
      if (known === null || isStopped || changes !== null) return;
      const { kind, output } = known;
      guard(output, () => follow(kind, output, [cause]));
      settle();
    },

    command(asked, seq) {
      const driver = drivers.get(asked.output);
      if (driver === undefined || isStopped) return `there is no output "${asked.output}"`;
      const late = lateness(asked, driver.spec);
      const refused = late ?? driver.command(asked, seq);
      settle();
      return refused;
    },

    credit(ms) {
      for (const [name, driver] of drivers) guard(name, () => driver.credit(ms));
      settle();
    },

    onAlert(event) {
      if (isStopped) return;
      const { alert, reason } = event;
      const key = alertKey(alert);
      const before = open.get(key);
      const wasDrill = before !== undefined && before.drill && before.alert.id === alert.id;
      const present = { alert, drill: event.drill || wasDrill };
      if (isOpen(alert.state)) open.set(key, present);
      else open.delete(key);
      const restored = unheard.get(key);
      // Another condition or occurrence than the restored one: something was heard, or is known to be unknown.
      if (alert.condition !== restored?.condition || alert.id !== restored.id) unheard.delete(key);
      updateAll(present, reason === 'escalated' || reason === 'reset');
    },

    get awaitsReadings() {
      return unheard.size > 0;
    },

    heard(point) {
      for (const [key, alert] of unheard) {
        if (!restsOn(alert, point)) continue;
        unheard.delete(key);
        const present = open.get(key);
        if (present !== undefined && !isStopped) updateAll(present, false);
      }
    },

    linkUp(broker) {
      if (isStopped) return;
      left.linkUp(broker);
      comeBack({ kind: 'broker', name: broker });
    },

    present(broker, isHeard) {
      const driven = [...drivers.values()].flatMap(({ present }) =>
        present?.kind === 'mqtt' && present.broker === broker ? [present] : [],
      );
      return [...driven, ...left.present(broker)]
        .filter(({ topic }) => isHeard(topic))
        .map(({ topic, payload }) => ({ topic, payload }));
    },

    boards: {
      up(board) {
        boardsUp.add(board);
        if (!isStopped) comeBack({ kind: 'board', name: board });
      },
      down(board, problem) {
        boardsUp.delete(board);
        if (isStopped) return;
        for (const [name, driver] of driversAt({ kind: 'board', name: board }))
          guard(name, () => {
            driver.shows('unknown');
            driver.linkDown(`the board ${board} is away: ${problem}`);
          });
        settle();
      },
      shows: (board, pin, level) => atPin(board, pin, (driver) => driver.shows(level ?? 'unknown')),
      refused: (board, pin, problem) => atPin(board, pin, (driver) => driver.carriedOut(problem)),
    },

    configure(newSpecs, newRules, judge) {
      const meanwhile: Change[] = [];
      changes = meanwhile;
      try {
        judge?.();
      } finally {
        changes = null;
      }
      const changed = meanwhile.map(({ present, renews }) => ({ alert: present.alert, renews }));
      if (isStopped) return;
      actions = claimActions(newRules);
      rules = newRules;
      specs = newSpecs;
      const wanted = new Map(newSpecs.map((spec) => [spec.name, spec]));
      left.prune();
      for (const [name, driver] of drivers) {
        const spec = wanted.get(name);
        if (spec !== undefined && isSameDevice(spec, driver.spec)) continue;
        const { memory } = driver;
        const link = linkOf(driver.spec);
        // A link that is down drops its last command.
        const isDown = link !== null && around.linkOf(link) === 'down';
        if (isDown) left.add(name, placeOf(driver.spec, driver.status.seq));
        sayFarewell(() => guard(name, () => driver.end('removed')));
        if (!isDown) left.told(placeOf(driver.spec, driver.status.seq));
        drivers.delete(name);
        if (spec === undefined) {
          faults.note(name, null);
        } else {
          faults.replace(name, limits.outputFaultWaitMs);
          startDriver(spec, memory);
        }
      }
      for (const spec of newSpecs) {
        if (drivers.has(spec.name)) continue;
        startDriver(spec, { ...noMemory, mayBeEnergised: true });
      }
      for (const spec of newSpecs) {
        const { name } = spec;
        const driver = drivers.get(name);
        if (driver === undefined) continue;
        guard(name, () => driver.reconfigure(spec, claimsOn(name), seen(name), changed));
      }
      assertAll(newSpecs.map(({ name }) => name));
    },

    statuses: () => specs.flatMap(({ name }) => drivers.get(name)?.status ?? []),

    stop() {
      isStopped = true;
      faults.stop();
      for (const [name, driver] of drivers) guard(name, () => driver.end('stop'));
    },
  };
}

/** Rule name → output name → the claims of that rule on it, in the order of `then:`. */
function claimActions(
  rules: readonly ActingRule[],
): ReadonlyMap<string, ReadonlyMap<string, readonly ClaimAction[]>> {
  return new Map(
    rules.map((rule) => [
      rule.name,
      Map.groupBy(
        rule.then.filter((action) => action.kind === 'claim'),
        ({ output }) => output,
      ),
    ]),
  );
}

// Whether commands mean the same to the same device: then limits and claims can change under it in place.
function isSameDevice(a: OutputSpec, b: OutputSpec): boolean {
  return a.safe === b.safe && JSON.stringify(a.way) === JSON.stringify(b.way);
}
