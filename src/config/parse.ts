import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { boardsOf, firmataBoardsOf, type Config } from '../domain/config.ts';
import { messageOf } from '../domain/error.ts';
import { checkBoards } from './sources/boards.ts';
import { embedded, readBrokers } from './sources/brokers.ts';
import { checkCalibrated } from './points/calibrations.ts';
import {
  checkPorts,
  readHeartbeat,
  readHttp,
  readListeners,
  readPublish,
  readStorage,
} from './sources/connections.ts';
import { readLine, type Context } from './context.ts';
import { readDerivedPoints } from './points/derived-points.ts';
import { readDocument, type ConfigDocument } from './text/document.ts';
import { configLimits } from './limits.ts';
import { readNotifiers } from './notifiers.ts';
import { checkFeedback, readOutputs } from './outputs/outputs.ts';
import { createFindSettings } from './points/point-units.ts';
import { readPoints } from './points/points.ts';
import { describeValue, quote, type Problem } from './text/problem.ts';
import { createReport, type Report } from './text/report.ts';
import { chainFlood, readOwnRules } from './rules/own-rules.ts';
import { readRules } from './rules/rules.ts';
import { isMap } from './text/schema-parts.ts';
import { checkShape, type SalvagedConfig } from './text/shape.ts';
import type { FindPatternProblem } from './sources/serial-sources.ts';
import { readSources, type PlacedSource } from './sources/sources.ts';
import { reachesBelow } from './sources/topics.ts';
import { warn } from './warnings.ts';

/** A config that can run, or everything that keeps it from running. */
export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Where a text comes from, and what is known beyond it. */
export interface Origin {
  /** Name of the file, as problems show it. */
  readonly file: string;
  /** Relative paths in the text start here. */
  readonly directory: string;
  /** Scripted devices there are; left out: any name passes. */
  readonly scenarios?: readonly string[];
  /** Judges the patterns of serial lines; left out: any passes. */
  readonly findPatternProblem?: FindPatternProblem;
  /** A text of the past: the files it names may be gone, and nobody logs in with it. */
  readonly isPast?: true;
}

/** Reads and checks a config file. A file that cannot be read is a problem like any other. */
export async function loadConfig(
  path: string,
  options: Pick<Origin, 'scenarios'> = {},
): Promise<Loaded> {
  const origin = { ...options, file: path, directory: dirname(resolve(path)) };
  try {
    const { size } = await stat(path);
    if (size > configLimits.fileBytesMax) return refuse(path, tooLarge(size));
    const text = decode(await readFile(path));
    if (!text.includes('regex')) return parseConfig(text, origin);
    // What knows patterns is large: it is loaded where there may be one.
    const { linePatternProblem } = await import('../codecs/line-pattern.ts');
    return parseConfig(text, { ...origin, findPatternProblem: linePatternProblem });
  } catch (error) {
    return refuse(path, `cannot read the config: ${messageOf(error)}`);
  }
}

// A text that is not UTF-8 is read with replacement characters, so that the place of the first can be told.
function decode(bytes: Buffer): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function tooLarge(bytes: number): string {
  return `the file holds ${bytes} bytes; at most ${configLimits.fileBytesMax} are read`;
}

function refuse(file: string, message: string): Loaded {
  const problem = { file, line: 1, column: 1, message, allowed: null, suggestion: null, path: '' };
  return { ok: false, problems: [problem] };
}

/** Turns the text of a config into the config, or into all problems at once. Reads password files, nothing else. */
export function parseConfig(text: string, origin: Origin): Loaded {
  const bytes = Buffer.byteLength(text);
  if (bytes > configLimits.fileBytesMax) return refuse(origin.file, tooLarge(bytes));
  const document = readDocument(text);
  const report = createReport(origin.file, document);
  for (const finding of document.findings) report.finding(finding);
  reportStrayText(text, report);
  const { value } = document.tree;
  if (value !== null && !isMap(value) && document.brokenFrom === null) {
    report.problem([], {
      message: `found ${describeValue(value)}`,
      allowed: 'a map such as site: greenhouse',
    });
  }
  if (value !== null && !isMap(value)) return { ok: false, problems: report.problems() };
  return document.brokenFrom === null
    ? buildConfig(text, value, origin, document, report)
    : checkBeginning(value, origin, document, document.brokenFrom, report);
}

// Beyond a syntax error the tree is a guess: only what stands before it is judged, and only its shape.
function checkBeginning(
  value: unknown,
  origin: Origin,
  document: ConfigDocument,
  brokenFrom: number,
  report: Report,
): Loaded {
  const guess = createReport(origin.file, document);
  checkShape(value, document, guess);
  const end = document.place(brokenFrom);
  const sound = guess.problems().filter(({ line }) => line < end.line);
  const problems = [...report.problems(), ...sound];
  return {
    ok: false,
    problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}

function reportStrayText(text: string, report: Report): void {
  const offset = text.indexOf('\ufffd');
  if (offset < 0) return;
  report.finding({
    offset,
    message: 'the file is not UTF-8 text',
    allowed: 'UTF-8',
    suggestion: null,
  });
}

/**
 * Judges a config whose text is a tree already; `value` is its map. A long straight list of steps: each reads one part,
 * and says all that is wrong with it.
 */
export function buildConfig(
  text: string,
  value: unknown,
  origin: Origin,
  document: ConfigDocument,
  report: Report,
): Loaded {
  const { directory, scenarios = null, findPatternProblem = null } = origin;
  const sourceText = document.tree.sourceText;
  const readsSecrets = origin.isPast !== true;
  const context: Context = { report, directory, readsSecrets, sourceText };
  const input = checkShape(value, document, report);
  const brokerNames = Object.keys(input.brokers ?? {});
  const outputNames = Object.keys(input.outputs ?? {});
  const notifierNames = Object.keys(input.notifiers ?? {});
  const listen = readListeners(context, input);
  const http = readHttp(context, input);
  checkPorts(context, listen, http);
  const brokers = readBrokers(context, input);
  const publish = readPublish(context, input, brokerNames);
  const storage = readStorage(context, input);
  const sources = readSources(context, input, {
    brokers: brokerNames,
    scenarios,
    findPatternProblem,
  });
  const plainPoints = readPoints(context, input);
  const notifiers = readNotifiers(context, input);
  const findSettings = createFindSettings(plainPoints);
  const boardNames = boardsOf(sources.map(({ source }) => source));
  const firmataNames = firmataBoardsOf(sources.map(({ source }) => source));
  const known = { brokerNames, boardNames, firmataNames, findSettings };
  const outputs = readOutputs(context, input, known);
  const points = readDerivedPoints(context, input, plainPoints, findSettings);
  const actionNames = { outputs: outputNames, notifiers: notifierNames };
  const rules = readRules(context, input, findSettings, actionNames);
  const ownRules = readOwnRules(context, input, actionNames);
  checkCalibrated(context, points, rules);
  checkFeedback(context, outputs, rules);
  const heartbeat = readHeartbeat(context, input);
  const site = readSite(context, input);
  checkOwnTopics(context, publish, sources, outputs);
  checkBoards(context, sources, outputs);
  const problems = report.problems();
  if (problems.length > 0) return { ok: false, problems };
  warn(context, { sources, findSettings, rules, ownRules, outputs, notifierNames });
  const config: Config = {
    site,
    broker: { listen, anonymous: input.broker?.anonymous ?? 'loopback' },
    brokers,
    publish,
    http,
    storage,
    clock: input.clock ?? 'ntp',
    sources: sources.map(({ source }) => source),
    points,
    rules,
    ownRules: chainFlood(ownRules, rules),
    outputs,
    notifiers,
    heartbeat,
    text,
    hash: createHash('sha256').update(text).digest('hex'),
  };
  return { ok: true, config, warnings: report.warnings() };
}

function readSite(context: Context, { site }: SalvagedConfig): string {
  if (site === undefined) return 'limen';
  return readLine(context, ['site'], site, configLimits.nameCharsMax) ?? 'limen';
}

// What Limen publishes must not come back as readings, and no output may speak in its name.
function checkOwnTopics(
  context: Context,
  publish: Config['publish'],
  sources: readonly PlacedSource[],
  outputs: Config['outputs'],
): void {
  const own = new Set([embedded, ...publish.to]);
  for (const { source, path } of sources) {
    if (source.kind !== 'mqtt' || !own.has(source.broker)) continue;
    if (!reachesBelow(source.pattern, publish.prefix)) continue;
    context.report.problem([...path, 'mqtt'], {
      message: `${quote(source.pattern)} also matches the topics that Limen publishes below ${quote(publish.prefix)}`,
      allowed: 'a topic with a first level of its own, or another publish.prefix',
    });
  }
  for (const { name, way } of outputs) {
    if (way.kind !== 'mqtt') continue;
    const { broker, topic } = way;
    if (!own.has(broker) || !`${topic}/`.startsWith(`${publish.prefix}/`)) continue;
    context.report.problem(['outputs', name, 'mqtt', 'topic'], {
      message: `${quote(topic)} belongs to Limen`,
      allowed: `a topic that does not begin with ${publish.prefix}/`,
    });
  }
}
