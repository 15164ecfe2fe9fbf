import type { Source } from '../../domain/config.ts';
import { embedded } from './brokers.ts';
import { checkReference, readLine, readText, type Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import { readFirmataSource } from './firmata-sources.ts';
import { readSerialSource, strayKey, type FindPatternProblem } from './serial-sources.ts';
import type { SalvagedConfig } from '../text/shape.ts';
import { closest } from '../text/suggest.ts';
import { checkSourceTopic } from './topics.ts';

/** What the sources may refer to. */
export interface SourceNames {
  readonly brokers: readonly string[];
  /** Scripted devices there are; null: not known here. */
  readonly scenarios: readonly string[] | null;
  /** Judges the patterns of serial lines; null: any passes here. */
  readonly findPatternProblem: FindPatternProblem | null;
}

/** A source and its place in the file, null for a default one. */
export interface PlacedSource {
  readonly source: Source;
  readonly path: Path;
}

const defaultSources: readonly Source[] = [
  { kind: 'mqtt', pattern: 'sensors/{device}/{metric}', broker: embedded },
  { kind: 'mqtt', pattern: 'sensors/{device}', broker: embedded },
];

/** Where readings come from. */
export function readSources(
  context: Context,
  input: SalvagedConfig,
  names: SourceNames,
): readonly PlacedSource[] {
  if (input.sources === undefined || input.sources === null) {
    return defaultSources.map((source) => ({ source, path: ['sources'] }));
  }
  const placed: PlacedSource[] = [];
  const seen = new Set<string>();
  for (const [index, entry] of input.sources.entries()) {
    const path = ['sources', index];
    const source = entry === undefined ? null : readSource(context, path, entry, names);
    if (source === null) continue;
    const atPort = source.kind === 'serial' || source.kind === 'firmata';
    const identity = atPort ? source.path : JSON.stringify(source);
    if (seen.has(identity)) {
      context.report.problem(path, {
        message: atPort ? 'this port stands twice' : 'this source stands twice',
        allowed: 'each source once',
      });
    }
    seen.add(identity);
    placed.push({ source, path });
  }
  return placed;
}

type SourceInput = NonNullable<NonNullable<SalvagedConfig['sources']>[number]>;

const kinds = ['mqtt', 'serial', 'firmata', 'simulate'] as const;

function readSource(
  context: Context,
  path: Path,
  entry: SourceInput,
  names: SourceNames,
): Source | null {
  const [kind, ...others] = kinds.filter((name) => entry[name] !== undefined);
  if (kind === undefined || others.length > 0) {
    if (context.report.isTouched(path)) return null;
    const message = kind === undefined ? 'a source without a kind' : 'a source of two kinds';
    context.report.problem(path, { message, allowed: `one of ${kinds.join(', ')}` });
    return null;
  }
  refuseStrayKeys(context, path, entry, kind);
  switch (kind) {
    case 'mqtt':
      return readTopic(context, path, entry, names.brokers);
    case 'serial':
      return readSerialSource(context, path, entry, names.findPatternProblem);
    case 'firmata':
      return readFirmataSource(context, path, entry);
    case 'simulate':
      return readSimulation(context, [...path, 'simulate'], entry.simulate ?? '', names.scenarios);
    default:
      return kind satisfies never;
  }
}

function refuseStrayKeys(
  context: Context,
  path: Path,
  entry: SourceInput,
  kind: (typeof kinds)[number],
): void {
  const fail = (key: string, message: string, allowed: string): void =>
    context.report.problem([...path, key], { message, allowed, atKey: true });
  // A board with Firmata tells itself which keys it has.
  if (kind === 'firmata') return;
  const stray = strayKey(entry);
  if (kind !== 'serial' && stray !== null)
    fail(stray, `${quote(stray)} belongs to a serial port`, `nothing of it with ${kind}:`);
  if (entry.i2c !== undefined)
    fail('i2c', '"i2c" is for boards with StandardFirmata', 'firmata: with the port of the board');
  if (entry.broker === undefined || kind === 'mqtt') return;
  if (kind === 'serial') fail('broker', 'a serial port has no broker', 'serial alone');
  else fail('broker', 'a simulated device reports to the broker inside Limen', 'simulate alone');
}

function readTopic(
  context: Context,
  path: Path,
  { mqtt = '', broker }: SourceInput,
  brokers: readonly string[],
): Source | null {
  const brokerPath = [...path, 'broker'];
  const brokerName = broker === undefined ? embedded : readText(context, brokerPath, broker);
  const known = [embedded, ...brokers];
  const isKnown = checkReference(context, brokerPath, { kind: 'broker', name: brokerName, known });
  const mqttPath = [...path, 'mqtt'];
  const pattern = readLine(context, mqttPath, mqtt);
  if (pattern === null || !checkSourceTopic(context, mqttPath, pattern) || !isKnown) return null;
  return { kind: 'mqtt', pattern, broker: brokerName };
}

function readSimulation(
  context: Context,
  path: Path,
  value: string | number | boolean,
  scenarios: readonly string[] | null,
): Source | null {
  const scenario = readLine(context, path, value);
  if (scenario === null) return null;
  if (scenarios === null || scenarios.includes(scenario)) return { kind: 'simulate', scenario };
  context.report.problem(path, {
    message: `there is no scripted device ${quote(scenario)}`,
    allowed: scenarios.join(', '),
    suggestion: closest(scenario, scenarios),
  });
  return null;
}
