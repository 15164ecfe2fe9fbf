import {
  alertKey,
  isOpen,
  type Alert,
  type AlertEvent,
  type AlertKey,
} from '../../domain/alert.ts';
import { messageOf } from '../../domain/error.ts';
import type { OutputSpec, OutputStatus } from '../../domain/output.ts';
import { pointName } from '../../domain/point.ts';
import { compoundMetric } from '../../domain/clause.ts';
import type { ActingRule } from '../../domain/config.ts';
import { noFaultPoint, type FaultPoint } from '../fault-point.ts';
import { claimedLevel, type Claim, type ClaimAction } from './arbiter.ts';
import { createLeftPlaces, type LinkState } from './left-places.ts';
import { OutputDriver, type OutputSurroundings } from './output-driver.ts';
import { placeOf, readOutputMemory, type OutputMemory } from './output-memory.ts';

export interface OutputsOptions extends Omit<OutputSurroundings, 'faultPoint'> {
  readonly specs: readonly OutputSpec[];
  /** For their `then:` claims. */
  readonly rules: readonly ActingRule[];
  linkOf(broker: string): LinkState;
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
  /**
   * While true, the hot path calls `heard` for each good reading: a restored claim on an output with `on_unknown: safe`
   * waits for one.
   */
  readonly awaitsReadings: boolean;
  /** A good reading of a point came in. */
  heard(point: Pick<AlertKey, 'device' | 'metric'>): void;
  /** A link is there again: each of its outputs is sent safe, then its present level. */
  linkUp(broker: string): void;
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
  const around: OutputSurroundings = {
    ...options,
    faultPoint: options.faultPoint ?? noFaultPoint,
  };
  let actions = claimActions(options.rules);
  let rules = options.rules;
  let specs = options.specs;
  const drivers = new Map<string, OutputDriver>();
  // Every open alert, not only those that claim: a changed rule may give one of them a claim.
  const open = new Map<string, OpenAlert>();
  // Restored alerts of which nothing was heard since, by key, as they were then.
  const unheard = new Map<string, Alert>();
  let isStopped = false;
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

  const startDriver = (spec: OutputSpec, memory: OutputMemory): void => {
    const driver = new OutputDriver(spec, around, () => left.of(spec.name));
    drivers.set(spec.name, driver);
    const alerts = new Map([...open].map(([key, { alert }]) => [key, alert]));
    guard(spec.name, () => driver.start(alerts, claimsOn(spec.name), memory));
  };

  const left = createLeftPlaces(around, {
    specs: () => specs,
    record(name) {
      drivers.get(name)?.record();
      return drivers.has(name);
    },
    linkOf: options.linkOf,
    guard,
  });

  const updateAll = (present: OpenAlert, renews: boolean): void => {
    if (changes !== null) {
      changes.push({ present, renews });
      return;
    }
    for (const [name, driver] of drivers) {
      guard(name, () => driver.update(present.alert, claimOn(name, present), renews));
    }
  };

  const mustBeHeard = ({ rule }: Alert): boolean =>
    specs.some(({ name, onUnknown }) => onUnknown === 'safe' && actions.get(rule)?.has(name));

  // The alert of a compound rule rests on every point that the rule judges.
  const restsOn = (alert: Alert, point: Pick<AlertKey, 'device' | 'metric'>): boolean => {
    if (alert.metric !== compoundMetric) return pointName(alert) === pointName(point);
    const patterns = rules.find(({ name }) => name === alert.rule)?.points ?? [];
    return patterns.some((pattern) => pattern.matches(point.device, point.metric));
  };

  return {
    start(openAlerts, memory) {
      for (const alert of openAlerts) {
        const key = alertKey(alert);
        if (isOpen(alert.state)) open.set(key, { alert, drill: alert.reason === 'drill' });
        // A pending one too: its delay may be over because of what was heard before the restart.
        if (mustBeHeard(alert)) unheard.set(key, alert);
      }
      left.restore(memory);
      for (const spec of specs) startDriver(spec, readOutputMemory(memory.get(spec.name)));
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
      for (const [name, driver] of drivers) {
        if (driver.spec.broker === broker) guard(name, () => driver.linkUp());
      }
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
        // A link that is down drops its last command.
        if (options.linkOf(driver.spec.broker) === 'down') left.add(name, placeOf(driver.spec));
        guard(name, () => driver.end('removed'));
        drivers.delete(name);
        if (spec !== undefined) startDriver(spec, memory);
      }
      for (const spec of newSpecs) {
        const driver = drivers.get(spec.name);
        if (driver === undefined) startDriver(spec, readOutputMemory(null));
        else guard(spec.name, () => driver.reconfigure(spec, claimsOn(spec.name), changed));
      }
    },

    statuses: () => specs.flatMap(({ name }) => drivers.get(name)?.status ?? []),

    stop() {
      isStopped = true;
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
  return (
    a.broker === b.broker &&
    a.topic === b.topic &&
    a.safe === b.safe &&
    a.payloads.on === b.payloads.on &&
    a.payloads.off === b.payloads.off
  );
}
