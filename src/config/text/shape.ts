import * as v from 'valibot';
import type { ConfigDocument } from './document.ts';
import { longestAllowed, suggestDuration } from './durations.ts';
import { suggestTimeOfDay } from './times-of-day.ts';
import { configLimits } from '../limits.ts';
import { describeValue, pathText, quote, type Path } from './problem.ts';
import { suggestRate } from '../rules/rate-spelling.ts';
import type { Mistake, Report } from './report.ts';
import { configSchema, type ConfigInput, type MemberInput } from '../schema.ts';
import {
  durationExpected,
  isMap,
  laterKey,
  mapExpected,
  momentExpected,
  timeOfDayExpected,
  rateExpected,
  unknownKey,
} from './schema-parts.ts';
import { closest, withinEntry } from './suggest.ts';

/** A value of which any part may be missing, because it was not there or was wrong. */
export type Salvaged<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly (Salvaged<Item> | undefined)[]
    : { readonly [Key in keyof T]?: Salvaged<T[Key]> | undefined };

/** The config as written, without the parts whose shape is wrong: those are in the report. */
export type SalvagedConfig = Salvaged<ConfigInput>;

/** A condition of a compound rule as it is written. */
export type { MemberInput };

/** A rule as it is written, without what is wrong. */
export type RuleInput = NonNullable<NonNullable<SalvagedConfig['rules']>[string]>;

/** An entry of `points:` as it is written, without what is wrong. */
export type PointInput = NonNullable<NonNullable<SalvagedConfig['points']>[string]>;

/** Checks the shape of a config and keeps what is sound, so that the rest can be judged all the same. */
export function checkShape(
  value: unknown,
  document: ConfigDocument,
  report: Report,
): SalvagedConfig {
  // The schema has accepted every part that is left; only its absence is new, and the type says so.
  return checkShapeBy(configSchema, value, document, report) as SalvagedConfig;
}

/** Checks a shape by any schema; what is returned has holes where parts were wrong. */
export function checkShapeBy(
  schema: v.GenericSchema,
  value: unknown,
  document: ConfigDocument,
  report: Report,
): unknown {
  const { issues = [] } = v.safeParse(schema, value ?? {});
  const wrong: Path[] = [];
  const told = new Set(document.findings.map(({ offset }) => offset));
  // An alias that names no anchor, or a value that nests too deeply, is read as nothing; that is no second mistake.
  const isTold = (issue: Issue, path: Path): boolean =>
    issue.input === null && told.has(document.tree.valueOffset(path));
  // `pin:` instead of `mqtt:`, `all:` instead of `points:`: the later key is the mistake, not what it stands for.
  const later = new Set(
    issues
      .filter(({ message }) => message === laterKey)
      .map((issue) => pathText(pathOf(issue).slice(0, -1))),
  );
  const isReplaced = (issue: Issue, path: Path): boolean =>
    issue.type === 'loose_object' && later.has(pathText(path.slice(0, -1)));
  for (const [index, issue] of issues.entries()) {
    const path = pathOf(issue);
    wrong.push(path);
    if (index >= configLimits.problemsMax) continue;
    if (isTold(issue, path) || isReplaced(issue, path)) continue;
    report.problem(path, mistakeOf(issue, path));
  }
  return salvage(value ?? {}, wrong);
}

type Issue = v.BaseIssue<unknown>;

function pathOf(issue: Issue): Path {
  return (issue.path ?? []).map((item) =>
    typeof item.key === 'number' ? item.key : String(item.key),
  );
}

function mistakeOf(issue: Issue, path: Path): Mistake {
  const name = String(path.at(-1) ?? '');
  const known = issue.expected?.split(', ') ?? [];
  if (issue.message === laterKey) {
    return { message: `${quote(name)} is not in this version of Limen`, atKey: true };
  }
  if (issue.message === unknownKey) {
    return {
      message: `unknown key ${quote(name)}`,
      allowed: known.join(', '),
      suggestion: closest(name, known),
      atKey: true,
    };
  }
  if (issue.type === 'loose_object' || issue.expected === `"${name}"`) {
    return { message: `the key ${quote(name)} is missing` };
  }
  return {
    message: `found ${describeValue(issue.input)}`,
    allowed: issue.message,
    suggestion: suggestionFor(issue) ?? missingEntry(issue, path),
  };
}

function suggestionFor(issue: Issue): string | null {
  if (issue.message.startsWith(durationExpected) || issue.message === momentExpected) {
    return suggestDuration(issue.input, longestAllowed(issue.message));
  }
  if (issue.message === timeOfDayExpected) return suggestTimeOfDay(issue.input);
  if (issue.message === rateExpected) return suggestRate(issue.input);
  const isChoice = issue.type === 'picklist' || issue.type === 'raw_check';
  if (!isChoice || typeof issue.input !== 'string') return null;
  const words = Array.from(
    (issue.expected ?? '').matchAll(/"([^"]*)"/g),
    (match) => match[1] ?? '',
  );
  return closest(issue.input, words);
}

// `overrides: { on_delay: 1m }`: the level of the devices was left out.
function missingEntry({ message }: Issue, path: Path): string | null {
  const [parent, name] = path.slice(-2).map(String);
  if (parent === undefined || name === undefined || !message.startsWith(mapExpected)) return null;
  const keys = message.slice(mapExpected.length).split(', ');
  return keys.includes(name) ? withinEntry(parent === 'overrides' ? 'device' : 'name', name) : null;
}

function salvage(value: unknown, wrong: readonly Path[]): unknown {
  if (wrong.some((path) => path.length === 0)) return {};
  const sound = copy(value);
  for (const path of wrong) remove(sound, path);
  return sound;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copy(part)]));
}

/** A hole is left where the part was: list items keep their places, names stay known. */
function remove(root: unknown, path: Path): void {
  let parent = root;
  for (const part of path.slice(0, -1)) parent = partOf(parent, part);
  const last = path.at(-1);
  if (Array.isArray(parent) && typeof last === 'number') parent[last] = undefined;
  else if (isMap(parent) && last !== undefined && Object.hasOwn(parent, last))
    parent[last] = undefined;
}

function partOf(value: unknown, part: string | number): unknown {
  if (Array.isArray(value)) return typeof part === 'number' ? value[part] : undefined;
  return isMap(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}
