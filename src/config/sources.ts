import type { Source } from '../domain/config.ts';
import { embedded } from './brokers.ts';
import { checkReference, readLine, readText, type Context } from './context.ts';
import { quote, type Path } from './problem.ts';
import { readSerialSource, strayKey } from './serial-sources.ts';
import type { SalvagedConfig } from './shape.ts';
import { closest } from './suggest.ts';
import { checkSourceTopic } from './topics.ts';

/** What the sources may refer to. */
export interface SourceNames {
  readonly brokers: readonly string[];
  /** Scripted devices there are; null: not known here. */
  readonly scenarios: readonly string[] | null;
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
    const identity = JSON.stringify(source);
    if (seen.has(identity)) {
      context.report.problem(path, {
        message: 'this source stands twice',
        allowed: 'each source once',
      });
    }
    seen.add(identity);
    placed.push({ source, path });
  }
  return placed;
}

type SourceInput = NonNullable<NonNullable<SalvagedConfig['sources']>[number]>;

function readSource(
  context: Context,
  path: Path,
  entry: SourceInput,
  names: SourceNames,
): Source | null {
  if (entry.serial !== undefined) return readSerialSource(context, path, entry, null);
  const stray = strayKey(entry);
  if (stray !== null) {
    const message = `${quote(stray)} belongs to a serial source`;
    context.report.problem([...path, stray], { message, allowed: 'with serial:', atKey: true });
  }
  const { mqtt, simulate, broker } = entry;
  if ((mqtt === undefined) === (simulate === undefined)) {
    if (context.report.isTouched(path)) return null;
    const message = mqtt === undefined ? 'a source without a kind' : 'a source of two kinds';
    context.report.problem(path, { message, allowed: 'one of mqtt, simulate' });
    return null;
  }
  const brokerPath = [...path, 'broker'];
  if (simulate !== undefined) {
    if (broker !== undefined) {
      const message = 'a simulated device reports to the broker inside Limen';
      context.report.problem(brokerPath, { message, allowed: 'simulate alone', atKey: true });
    }
    return readSimulation(context, [...path, 'simulate'], simulate, names.scenarios);
  }
  if (mqtt === undefined) return null;
  const brokerName = broker === undefined ? embedded : readText(context, brokerPath, broker);
  const known = [embedded, ...names.brokers];
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
