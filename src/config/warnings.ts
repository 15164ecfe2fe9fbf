import { pointName } from '../domain/point.ts';
import { clauseOf, comparisonsOf, isCompound } from '../domain/clause.ts';
import type { OutputSpec } from '../domain/output.ts';
import { formatDuration } from '../domain/duration.ts';
import { firmataBoardsOf, type ActingRule } from '../domain/config.ts';
import {
  ownRules,
  type Comparator,
  type OwnRule,
  type OwnRuleSettings,
  type Rule,
} from '../domain/rule.ts';
import { isCommandTopic } from '../domain/topic.ts';
import { embedded } from './sources/brokers.ts';
import type { Context } from './context.ts';
import { splitPoint, type FindSettings } from './points/point-units.ts';
import { inUnit, quantityText } from './points/points.ts';
import { quote } from './text/problem.ts';
import type { PlacedSource } from './sources/sources.ts';
import { sourceMatches } from './sources/topics.ts';
import { isOnScale } from './rules/windows.ts';

/** What the warnings look at: a config without problems. */
export interface Parts {
  readonly sources: readonly PlacedSource[];
  readonly findSettings: FindSettings;
  readonly rules: readonly Rule[];
  readonly ownRules: readonly OwnRuleSettings[];
  readonly outputs: readonly OutputSpec[];
  readonly notifierNames: readonly string[];
}

/** Says what works, but probably not as it was meant. */
export function warn(context: Context, parts: Parts): void {
  warnOfOutputs(context, parts);
  warnOfNotifiers(context, parts);
  warnOfSilence(context, parts);
  warnOfRepeats(context, parts);
  for (const rule of parts.rules) {
    warnOfSilentPoints(context, parts, rule);
    warnOfLimits(context, parts.findSettings, rule);
    warnOfWindow(context, rule);
  }
  warnOfSimulations(context, parts.sources);
  warnOfPorts(context, parts.sources);
}

function warnOfOutputs(context: Context, parts: Parts): void {
  const { sources, outputs } = parts;
  const firmataNames = firmataBoardsOf(sources.map(({ source }) => source));
  const claimed = new Set(
    actingIn(parts).flatMap(({ then }) =>
      then.map((action) => (action.kind === 'claim' ? action.output : '')),
    ),
  );
  for (const output of outputs) {
    const path = ['outputs', output.name];
    const say = (message: string, allowed: string): void =>
      context.report.warning(path, { message, allowed, atKey: true });
    const name = quote(output.name);
    if (output.maxOnMs === null && output.pulseMs === null && output.onUnknown === null) {
      say(
        `the output ${name} has no end: a dying sensor may hold it for ever`,
        'max_on or on_unknown',
      );
    }
    const unsafe = notFailSafe(output, firmataNames);
    if (unsafe !== null) say(`the output ${name} is not fail-safe: ${unsafe.why}`, unsafe.allowed);
    if (!claimed.has(output.name))
      say(`no rule claims the output ${name}`, 'a rule with it in then:');
    const { way } = output;
    const reader = sources.find(
      ({ source }) =>
        way.kind === 'mqtt' &&
        source.kind === 'mqtt' &&
        source.broker === way.broker &&
        !isCommandTopic(way.topic.split('/')) &&
        sourceMatches(source.pattern, way.topic),
    );
    if (reader?.source.kind !== 'mqtt') continue;
    const message = `the source ${quote(reader.source.pattern)} takes the commands of ${name} for readings`;
    say(message, 'a topic that no source reads');
  }
}

// A board goes safe by itself within its lease.
function notFailSafe(
  { way, leaseMs }: OutputSpec,
  firmataNames: readonly string[],
): { readonly why: string; readonly allowed: string } | null {
  switch (way.kind) {
    case 'pin':
      return firmataNames.includes(way.board)
        ? {
            why: 'a board with Firmata stays as it is if its computer or its cable fails',
            allowed: 'a board with the firmware of Limen, which goes safe by itself',
          }
        : null;
    case 'gpio':
      return {
        why: 'its line stays as it is if this machine hangs',
        allowed: 'mqtt with a lease, or a pin of a board with the firmware of Limen',
      };
    case 'command':
      return {
        why: 'what a program switched on stays on if Limen is killed',
        allowed: 'mqtt with a lease, or a pin of a board with the firmware of Limen',
      };
    case 'mqtt':
      return leaseMs !== null
        ? null
        : {
            why: 'without a lease it stays as it is if Limen stops',
            allowed: 'lease, if the device has a timer of its own',
          };
  }
}

function warnOfNotifiers(context: Context, parts: Parts): void {
  const { notifierNames } = parts;
  const used = new Set(
    actingIn(parts).flatMap(({ then, chain }) => [
      ...then.map((action) => (action.kind === 'notify' ? action.notifier : '')),
      ...chain.map(({ notifier }) => notifier),
    ]),
  );
  for (const name of notifierNames.filter((candidate) => !used.has(candidate))) {
    const message = `no rule uses the notifier ${quote(name)}`;
    context.report.warning(['notifiers', name], {
      message,
      allowed: 'a rule with it in then:',
      atKey: true,
    });
  }
}

// Who is told again is who was told first.
function warnOfRepeats(context: Context, { rules }: Parts): void {
  for (const { name, repeatMs, then } of rules) {
    const isTold = then.some((action) => action.kind === 'notify' && action.on.includes('active'));
    if (repeatMs.length === 0 || isTold) continue;
    context.report.warning(['rules', name, 'repeat'], {
      message: 'nobody is told again: nobody is told when the alert becomes active',
      allowed: 'a notifier in then: with active among its edges',
      atKey: true,
    });
  }
}

// Silence is not health: who is told of limits that are passed wants to know of a sensor that died too.
function warnOfSilence(context: Context, parts: Parts): void {
  if (parts.notifierNames.length === 0) return;
  const untold = toldOfSilence.filter(
    (name) => !parts.ownRules.some((rule) => rule.name === name && isTold(rule)),
  );
  if (untold.length === 0) return;
  context.report.warning(['notifiers'], {
    message: `nobody is told of ${untold.join(', ')}`,
    allowed: 'an entry "limen.*" in rules: with a notifier in then:',
    atKey: true,
  });
}

const silences: readonly string[] = ['limen.stale', 'limen.source_lost'];
const toldOfSilence: readonly OwnRule[] = ownRules.filter((name) => silences.includes(name));

function isTold({ then }: ActingRule): boolean {
  return then.some(({ kind }) => kind === 'notify');
}

function actingIn({ rules, ownRules: own }: Parts): readonly ActingRule[] {
  return [...rules, ...own];
}

// A device with a slash fits no capture, which is one level, and without an MQTT source only what a serial port is named
// after is read. Everything else may come.
function warnOfSilentPoints(context: Context, { sources }: Parts, rule: Rule): void {
  const hasMqtt = sources.some(({ source }) => source.kind === 'mqtt');
  const atPorts = new Set(sources.map(({ source }) => ('device' in source ? source.device : null)));
  const { acknowledgeWith: button } = rule;
  const named = [
    ...rule.points
      .filter(({ exact }) => exact)
      .map(({ text }) => ({ text, key: clauseOf(rule)?.kind ?? 'points' })),
    ...(button === null ? [] : [{ text: pointName(button), key: 'acknowledge_with' }]),
  ];
  for (const { text, key } of named) {
    const { device } = splitPoint(text);
    if ((hasMqtt && !device.includes('/')) || atPorts.has(device)) continue;
    const message = `no source can deliver ${quote(text)}`;
    context.report.warning(['rules', rule.name, key], {
      message,
      allowed: 'a source whose {device} is one topic level, or a serial port of that device',
    });
  }
}

function warnOfLimits(context: Context, findSettings: FindSettings, rule: Rule): void {
  if (!isOnScale(rule.window)) return;
  for (const { points, comparator, key } of comparisonsIn(rule)) {
    if (comparator.kind !== 'above' && comparator.kind !== 'below') continue;
    for (const { label, settings } of points.flatMap(findSettings)) {
      if (settings.valid === null) continue;
      const edge = settings.valid[comparator.kind === 'above' ? 1 : 0];
      const { limit } = comparator;
      const value = inUnit(limit, limit.unit ?? settings.unit, edge.unit ?? settings.unit);
      if (value === null) continue;
      if (comparator.kind === 'above' ? value < edge.value : value > edge.value) continue;
      const message = `${quantityText(limit)} is never passed: ${label} is bad beyond ${quantityText(edge)}`;
      context.report.warning(['rules', rule.name, key], {
        message,
        allowed: 'a limit inside valid:',
        atKey: true,
      });
    }
  }
}

// A value cannot be above something for longer than is looked at.
function warnOfWindow(context: Context, { name, window, levels }: Rule): void {
  if (window?.of.kind !== 'time_above') return;
  for (const { comparator, severity } of levels) {
    if (comparator.kind !== 'above') continue;
    const seconds = inUnit(comparator.limit, comparator.limit.unit ?? 's', 's');
    if (seconds === null || seconds * 1000 < window.spanMs) continue;
    const path = ['rules', name, 'above', ...(levels.length > 1 ? [severity] : [])];
    const span = formatDuration(window.spanMs);
    context.report.warning(path, {
      message: `${quantityText(comparator.limit)} is never passed: the window is ${span} long`,
      allowed: 'a limit shorter than window:',
    });
  }
}

// What a rule compares with what, and the key of the rule under which it is written.
function comparisonsIn({ points, levels }: Rule): readonly {
  readonly points: Rule['points'];
  readonly comparator: Comparator;
  readonly key: string;
}[] {
  return levels.flatMap(({ comparator }) => {
    const key = comparator.kind;
    if (!isCompound(comparator)) return [{ points, comparator, key }];
    return comparisonsOf(comparator).map((each) => ({ ...each, key }));
  });
}

function warnOfSimulations(context: Context, sources: readonly PlacedSource[]): void {
  const embeddedPatterns = sources.flatMap(({ source }) =>
    source.kind === 'mqtt' && source.broker === embedded ? [source.pattern] : [],
  );
  for (const { source, path } of sources) {
    if (source.kind !== 'simulate') continue;
    const topic = `sensors/${source.scenario}/metric`;
    if (embeddedPatterns.some((pattern) => sourceMatches(pattern, topic))) continue;
    const message = `no source reads what ${quote(source.scenario)} reports`;
    context.report.warning(path, { message, allowed: 'mqtt: sensors/{device}/{metric} beside it' });
  }
}

function warnOfPorts(context: Context, sources: readonly PlacedSource[]): void {
  const ports = new Map<string, string>();
  for (const { source, path } of sources) {
    if (source.kind !== 'serial' && source.kind !== 'firmata') continue;
    const { device } = source;
    const other = ports.get(device);
    ports.set(device, other ?? source.path);
    if (other !== undefined) {
      const message = `${quote(other)} gives its readings to ${quote(device)} too: those of one metric are mixed`;
      const allowed = 'a device of its own for each port';
      context.report.warning([...path, 'device'], { message, allowed });
    }
    if (source.kind !== 'serial' || source.format.kind !== 'frames') continue;
    const { framing, check } = source.format;
    if (framing.kind !== 'sized' || check !== null) continue;
    const message = 'bytes of a frame that look like its start may be read as one';
    context.report.warning([...path, 'frame'], { message, allowed: 'check: and its kind' });
  }
}
