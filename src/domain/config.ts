import type { Calibration } from './calibration.ts';
import type { Expression } from './expression.ts';
import type { FirmataSource } from './firmata.ts';
import type { OutputSpec } from './output.ts';
import type { PointPattern } from './point.ts';
import type { Action, OwnRuleSettings, Quantity, Rule } from './rule.ts';
import type { SerialSource } from './serial.ts';
import type { DurationMs } from './time.ts';

/** Where a broker listener waits. */
export interface Listen {
  readonly scheme: 'mqtt' | 'ws';
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
}

/** A broker that already runs. */
export interface NamedBroker {
  readonly name: string;
  /** `mqtt://host:port`. */
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
}

/** Where readings come from. */
export type Source =
  | {
      readonly kind: 'mqtt';
      /** The filter as written, with its `{device}` and `{metric}` captures. */
      readonly pattern: string;
      /** `embedded` or the name of a broker. */
      readonly broker: string;
    }
  | { readonly kind: 'simulate'; readonly scenario: string }
  | SerialSource
  | FirmataSource;

/** The boards among the sources, whose pins outputs can drive, by their device. */
export function boardsOf(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => {
    switch (source.kind) {
      case 'mqtt':
      case 'simulate':
        return [];
      case 'firmata':
        return [source.device];
      case 'serial':
        return source.format.kind === 'limen' ? [source.device] : [];
    }
  });
}

/** Those boards that have StandardFirmata and not the firmware of Limen: they have no lease. */
export function firmataBoardsOf(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => (source.kind === 'firmata' ? [source.device] : []));
}

/** What the config says about the points a pattern matches; entries are merged in file order, later keys win. */
export interface PointEntry {
  readonly pattern: PointPattern;
  readonly unit: string | null;
  /** Valid range of the corrected value. */
  readonly valid: readonly [Quantity, Quantity] | null;
  readonly expectEveryMs: DurationMs | null;
  /** In the order of time; null: nothing is said. */
  /** What they come through: the name of a gateway, a client or a broker. */
  readonly via: string | null;
  readonly calibrations: readonly Calibration[] | null;
  /** How many points a wildcard must find. */
  readonly atLeast: number | null;
  /** How the point is calculated from others; null: it comes from a source. Only where the pattern names one point. */
  readonly expression: Expression | null;
}

/** A way to reach a person. */
export type NotifierSpec =
  | { readonly kind: 'webhook'; readonly name: string; readonly url: string }
  | { readonly kind: 'command'; readonly name: string; readonly command: readonly string[] };

/** The whole config, parsed: what is in here is complete and consistent. */
export interface Config {
  readonly site: string;
  readonly broker: { readonly listen: readonly Listen[]; readonly anonymous: 'loopback' | 'never' };
  readonly brokers: readonly NamedBroker[];
  readonly publish: { readonly prefix: string; readonly to: readonly string[] };
  readonly http: { readonly host: string; readonly port: number };
  readonly storage: {
    /** Absolute. */
    readonly directory: string;
    readonly commitDelayMs: DurationMs;
  };
  readonly clock: 'ntp' | 'rtc' | 'always';
  readonly sources: readonly Source[];
  readonly points: readonly PointEntry[];
  readonly rules: readonly Rule[];
  /** Limen's own rules of which the config says something, each once. */
  readonly ownRules: readonly OwnRuleSettings[];
  readonly outputs: readonly OutputSpec[];
  readonly notifiers: readonly NotifierSpec[];
  readonly heartbeat: { readonly url: string; readonly everyMs: DurationMs } | null;
  /** The full text as read and its SHA-256 in hex: the journal keeps both. */
  readonly text: string;
  readonly hash: string;
}

/** What rules do when they raise an alert: the configured ones, and Limen's own. */
export function actingRules({
  rules,
  ownRules,
}: Pick<Config, 'rules' | 'ownRules'>): readonly ActingRule[] {
  const all = [...rules, ...ownRules];
  const flood = all.find(({ name }) => name === 'limen.flood');
  return [...all.filter((rule) => rule !== flood), floodRule(all, flood)];
}

// Whoever is told of any alert is told of the flood in which it is not told; who only stands in a chain, by the flood's chain.
function floodRule(all: readonly ActingRule[], flood: ActingRule | undefined): ActingRule {
  const { then = [], chain = [] } = flood ?? {};
  const own = notifiersOf({ then });
  const names = all.flatMap(notifiersOf);
  const others = [...new Set(names)].filter((name) => !own.includes(name));
  const told = others.map((notifier): Action => {
    return { kind: 'notify', notifier, on: ['active', 'normal'] };
  });
  return { name: 'limen.flood', then: [...then, ...told], chain };
}

/** Those whom a rule tells by `then:`. */
export function notifiersOf({ then }: Pick<Rule, 'then'>): readonly string[] {
  return then.flatMap((action) => (action.kind === 'notify' ? [action.notifier] : []));
}

/** The part of a rule that says what follows from its alerts. */
export type ActingRule = Pick<Rule, 'name' | 'then' | 'chain'> & Partial<Pick<Rule, 'points'>>;
