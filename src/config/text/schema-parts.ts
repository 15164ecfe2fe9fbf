import * as v from 'valibot';
import { datePattern } from './dates.ts';
import { formatDuration } from '../../domain/duration.ts';
import type { DurationMs } from '../../domain/time.ts';
import { atMostMark, durationPattern } from './durations.ts';
import { momentPattern } from './moments.ts';
import { timeOfDayPattern } from './times-of-day.ts';

/** Whether a value is a YAML map. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The label of an issue about a key the schema does not list. */
export const unknownKey = 'unknown_key';

/** The label of an issue about a key that a later version knows. */
export const laterKey = 'later_key';

/** The beginning of what is expected where a map has a fixed set of keys; they follow. */
export const mapExpected = 'a map with the keys ';

/** A schema for maps with these entries, seen from outside: nothing is left of how it is built. */
type MapSchema<Entries extends v.ObjectEntries> = v.GenericSchema<
  v.InferInput<v.ObjectSchema<Entries, undefined>>,
  v.InferOutput<v.ObjectSchema<Entries, undefined>>
>;

/**
 * A map with exactly these keys. Reports every other key, not only the first one as Valibot's strict object does;
 * `later` are keys of the contract that this version does not act on.
 */
export function strictMap<const Entries extends v.ObjectEntries>(
  entries: Entries,
  later: readonly string[] = [],
) {
  const known = Object.keys(entries);
  const loose = v.looseObject(entries);
  // Labels travel in the issue's message: Valibot has no other free field.
  const checkKeys = v.rawCheck<v.InferOutput<typeof loose>>(({ dataset, addIssue }) => {
    const input: unknown = dataset.value;
    if (!isMap(input)) return;
    for (const name of Object.keys(input).filter((present) => !known.includes(present))) {
      addIssue({
        message: later.includes(name) ? laterKey : unknownKey,
        expected: known.join(', '),
        path: [{ type: 'object', origin: 'key', input, key: name, value: input[name] }],
      });
    }
  });
  const map = v.pipe(loose, checkKeys) as MapSchema<Entries>;
  return onlyMaps(map, `${mapExpected}${known.join(', ')}`);
}

/** What maps made by `mapWithPoints` take beside their own keys; the JSON schema is told by it. */
export const pointValues = new WeakMap<object, v.GenericSchema>();

/** A map with these keys, in which every other key that has a slash in it is a point. */
export function mapWithPoints<const Entries extends v.ObjectEntries, Value extends v.GenericSchema>(
  entries: Entries,
  value: Value,
) {
  const known = Object.keys(entries);
  const loose = v.looseObject(entries);
  pointValues.set(loose, value);
  const checkKeys = v.rawCheck<v.InferOutput<typeof loose>>(({ dataset, addIssue }) => {
    const input: unknown = dataset.value;
    if (!isMap(input)) return;
    for (const name of Object.keys(input).filter((present) => !known.includes(present))) {
      const at = { type: 'object', origin: 'key', input, key: name, value: input[name] } as const;
      if (!name.includes('/')) {
        const expected = [...known, 'device/metric'].join(', ');
        addIssue({ message: unknownKey, expected, path: [at] });
        continue;
      }
      for (const issue of v.safeParse(value, input[name]).issues ?? []) {
        const { message, expected, received } = issue;
        // A label keeps its meaning; other issues lose their kind on the way, which only costs them a suggestion.
        addIssue({
          message,
          ...(expected === null ? {} : { expected }),
          received,
          input: issue.input,
          path: [at, ...(issue.path ?? [])],
        });
      }
    }
  });
  const map = v.pipe(loose, checkKeys) as v.GenericSchema<
    WithPoints<v.InferInput<v.ObjectSchema<Entries, undefined>>>,
    WithPoints<v.InferOutput<v.ObjectSchema<Entries, undefined>>>
  >;
  return onlyMaps(map, `${mapExpected}${known.join(', ')} or device/metric`);
}

/** Values of points stand beside the keys; their type is that of the schema they were checked by. */
type WithPoints<Own> = Own & { readonly [point: `${string}/${string}`]: unknown };

/** A map with these keys, in which every other key has a value of one kind. */
export function mapWithRest<const Entries extends v.ObjectEntries, Value extends v.GenericSchema>(
  entries: Entries,
  value: Value,
  expected: string,
) {
  const map = v.objectWithRest(entries, value) as v.GenericSchema as v.GenericSchema<
    WithRest<v.InferInput<v.ObjectSchema<Entries, undefined>>>,
    WithRest<v.InferOutput<v.ObjectSchema<Entries, undefined>>>
  >;
  return onlyMaps(map, expected);
}

type WithRest<Own> = Own & { readonly [name: string]: unknown };

/** A map from names that the user chooses to values of one kind. */
export function namedMap<Value extends v.GenericSchema>(value: Value, expected: string) {
  return onlyMaps(v.record(v.string(), value), expected);
}

// Valibot takes a list for an object; so the branch is chosen before.
function onlyMaps<Schema extends v.GenericSchema>(schema: Schema, expected: string) {
  return pick(isMap, schema, v.never(expected));
}

/**
 * The first schema if the test holds, else the second. Plain unions give useless messages, so the branch is chosen by
 * what is there. The JSON schema, which asks without an input, gets both.
 */
export function pick<First extends v.GenericSchema, Second extends v.GenericSchema>(
  isFirst: (input: unknown) => boolean,
  first: First,
  second: Second,
) {
  const both = second.type === 'never' ? first : v.union([first, second]);
  return v.lazy((input): First | Second | v.UnionSchema<[First, Second], undefined> => {
    if (input === undefined) return both;
    return isFirst(input) ? first : second;
  });
}

/** One value for the rule, or one per severity. */
export function perLevel<Leaf extends v.GenericSchema>(leaf: Leaf) {
  const levels = strictMap({
    info: v.optional(leaf),
    warning: v.optional(leaf),
    critical: v.optional(leaf),
  });
  return pick(isMap, levels, leaf);
}

/** A list of values of one kind. */
export function list<Item extends v.GenericSchema>(item: Item, expected: string) {
  return v.array(item, expected);
}

/** A described key that may be left out. */
export function key<Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.optional(v.pipe(schema, v.description(description)));
}

/** A described section that may be left out, or left empty when all its lines are comments. */
export function section<Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.nullish(v.pipe(schema, v.description(description)));
}

const wholeExpected = 'a whole number';

/** A number without a fraction. */
export const whole = v.pipe(v.number(wholeExpected), v.integer(wholeExpected));

/** Text; a number or boolean stands for itself as it is written. */
export const text = v.union([v.string(), v.number(), v.boolean()], 'text');

/** A number without a unit. */
export const number = v.pipe(v.number('a number'), v.finite('a finite number'));

export const dateExpected = 'a date such as 2026-03-01, or a time such as 2026-03-01T08:00:00Z';

/** A day, or a moment with its zone. */
export const date = v.pipe(v.string(dateExpected), v.regex(datePattern, dateExpected));

export const durationExpected = 'a duration such as 250ms, 30s, 5m, 2h or 7d';

export const momentExpected = 'a time since the start of the test such as 0s, 30s, 11m or 1h30m';

/** A time since the start of a test; only 0 needs no unit. */
export const moment = v.union(
  [v.literal(0), v.pipe(v.string(), v.regex(momentPattern, momentExpected))],
  momentExpected,
);

/** A length of time; only 0 needs no unit. */
export const duration = durationOf(durationExpected);

/** A length of time that is limited: what is suggested keeps to it, and so has whoever reads the value. */
export function durationUpTo(maxMs: DurationMs): typeof duration {
  return durationOf(`${durationExpected}${atMostMark}${formatDuration(maxMs)}`);
}

function durationOf(expected: string) {
  return v.union([v.literal(0), v.pipe(v.string(), v.regex(durationPattern, expected))], expected);
}

/** How a number with a unit is written. */
export const quantityPattern = /^\s*([-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*([^\d\s.,].*)?$/;

const quantityExpected = 'a number, or a number and a unit such as -18 °C';

/** A number, with or without a unit. */
export const quantity = v.union(
  [
    v.pipe(v.number(), v.finite(quantityExpected)),
    v.pipe(v.string(), v.regex(quantityPattern, quantityExpected)),
  ],
  quantityExpected,
);

export const rateExpected = 'a rate such as 2 °C/min or 30 %/h';

/** How a rate is written: a number, a unit and the time. */
export const ratePattern =
  /^\s*([-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*([^\d\s.,/].*?)?\s*\/\s*(min|h)\s*$/;

/** A speed of change; nothing but a text, since a number lacks the time. */
export const rate = v.pipe(v.string(rateExpected), v.regex(ratePattern, rateExpected));

export const aggregateExpected =
  'mean, min, max, count, { percentile: 95 } or { time_above: 8 °C }';

/** What the readings of a window are made into. */
export const aggregate = pick(
  isMap,
  strictMap({
    percentile: key(v.number('a number from 0 to 100'), 'This percentile of the readings.'),
    time_above: key(quantity, 'Seconds for which the value was above this.'),
  }),
  v.picklist(['mean', 'min', 'max', 'count'], aggregateExpected),
);

export const timeOfDayExpected = 'a time of day such as 08:00 or 22:30';

/** A time of day; `24:00` is the end of the day. */
export const timeOfDay = v.pipe(
  v.string(timeOfDayExpected),
  v.regex(timeOfDayPattern, timeOfDayExpected),
);

const rangeExpected = 'a pair of limits such as [2, 8] or [2 °C, 8 °C]';

/** A low and a high limit. */
export const range = v.pipe(v.array(quantity, rangeExpected), v.length(2, rangeExpected));

/** One of a few words. */
export function choice<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, words.join(' or '));
}

const onWords = ['on', 'yes', 'true'] as const;
const offWords = ['off', 'no', 'false'] as const;

function switchSchema(expected: string) {
  return v.union([v.boolean(), v.picklist([...onWords, ...offWords])], expected);
}

/** True or false, in any of YAML's spellings, quoted or not. */
export const flag = switchSchema('true or false');

/** On or off, in any of YAML's spellings, quoted or not. */
export const level = switchSchema('on or off');

/** The same, or left to the alerts. */
export const setting = v.union(
  [v.boolean(), v.picklist([...onWords, ...offWords, 'auto'])],
  'on, off or auto',
);

/** What a word of `flag` or `level` means; null if it is none. */
export function readSwitch(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (onWords.some((word) => word === value)) return true;
  return offWords.some((word) => word === value) ? false : null;
}

/** The inputs of an expression: `t: shed/temperature °C`. */
export const expressionInputs = namedMap(
  pick(
    isMap,
    strictMap({
      point: v.pipe(text, v.description('The point as device/metric.')),
      unit: key(text, 'Unit of its number in the expression.'),
    }),
    text,
  ),
  'a map from names to points, such as { t: shed/temperature °C }',
);
