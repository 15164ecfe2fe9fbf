import { clauseOf, pointPatterns } from '../domain/clause.ts';
import type { PointEntry } from '../domain/config.ts';
import { limits } from '../domain/limits.ts';
import { mergePointEntries } from '../domain/point-settings.ts';
import { pointName } from '../domain/point.ts';
import { everyVariant, type OwnRule, type OwnRuleSettings, type Rule } from '../domain/rule.ts';
import type { DurationMs } from '../domain/time.ts';

type Name = { readonly device: string; readonly metric: string };

/** The configured rules and points, ready to be asked about one point. Immutable. */
export interface RuleBook {
  /** What is set of one of Limen's own rules; null: nothing. */
  findOwn(name: OwnRule): OwnRuleSettings | null;
  /** Limen's own rules as they are at present, by name and span: thousands of points share a few. */
  readonly ownRules: Map<string, Rule>;
  /** Rules that judge several points at once. */
  readonly compound: readonly Rule[];
  /** The other rules that match a point, each as its overrides make it there. */
  rulesOf(point: Name): readonly Rule[];
  /** The rules whose alerts a point acknowledges. */
  acknowledgedWith(point: Name): readonly Rule[];
  /** `expect_every` of a point; null: none is set. */
  expectEveryMs(point: Name): DurationMs | null;
  /** Points that are calculated, each with the names of its inputs. */
  readonly derived: ReadonlyMap<string, readonly string[]>;
  /** What the config says a point comes through; null: nothing. */
  viaOf(point: Name): string | null;
  /** Points named in full, each once: expected from the start. */
  readonly expectedPoints: readonly Name[];
  /** Patterns that must find a number of points. */
  readonly expectedCounts: readonly ExpectedCount[];
}

/** `at_least` of a pattern. */
export interface ExpectedCount extends Name {
  readonly atLeast: number;
  readonly expectEveryMs: DurationMs;
  matches(device: string, metric: string): boolean;
}

/** Indexes rules by point: a config of 10,000 rules on single points must not be searched for every new point. */
export function createRuleBook(
  rules: readonly Rule[],
  entries: readonly PointEntry[],
  ownSettings: readonly OwnRuleSettings[] = [],
): RuleBook {
  const byPoint = new Map<string, Rule[]>();
  const wild: Rule[] = [];
  const compound = rules.filter((rule) => clauseOf(rule) !== null);
  for (const rule of rules) {
    if (clauseOf(rule) !== null) continue;
    if (rule.points.some((pattern) => !pattern.exact)) wild.push(rule);
    for (const pattern of rule.points) {
      if (!pattern.exact) continue;
      const others = byPoint.get(pattern.text);
      if (others === undefined) byPoint.set(pattern.text, [rule]);
      else others.push(rule);
    }
  }
  const variants = new Map(rules.map((rule) => [rule, everyVariant(rule)]));
  // The same object for all points of a variant: there may be thousands of them.
  const at = (rule: Rule, { device, metric }: Name): Rule => {
    const place = rule.variants.findIndex(({ patterns }) =>
      patterns.every((pattern) => pattern.matches(device, metric)),
    );
    return variants.get(rule)?.[place + 1] ?? rule;
  };
  const derived = new Map(
    entries.flatMap(({ pattern, expression }) =>
      expression === null ? [] : [[pattern.text, expression.inputs.map(pointName)] as const],
    ),
  );
  const byButton = Map.groupBy(rules, ({ acknowledgeWith }) =>
    acknowledgeWith === null ? null : pointName(acknowledgeWith),
  );
  return {
    derived,
    findOwn: (name) => ownSettings.find((settings) => settings.name === name) ?? null,
    ownRules: new Map(),
    compound,
    rulesOf: (point) => {
      const found = new Set(byPoint.get(pointName(point)));
      for (const rule of wild) {
        if (rule.points.some((one) => one.matches(point.device, point.metric))) found.add(rule);
      }
      return [...found].map((rule) => at(rule, point));
    },
    acknowledgedWith: (point) => byButton.get(pointName(point)) ?? [],
    expectEveryMs: ({ device, metric }) => mergePointEntries(entries, device, metric).expectEveryMs,
    viaOf: ({ device, metric }) => mergePointEntries(entries, device, metric).via,
    expectedPoints: namedPoints(rules, entries, derived),
    expectedCounts: entries.flatMap(({ pattern, atLeast, expectEveryMs }) =>
      atLeast === null
        ? []
        : [
            {
              ...splitName(pattern.text),
              atLeast,
              expectEveryMs: expectEveryMs ?? limits.expectEveryDefaultMs,
              matches: (device: string, metric: string) => pattern.matches(device, metric),
            },
          ],
    ),
  };
}

// A derived point is heard with its inputs: these are expected in its place.
function namedPoints(
  rules: readonly Rule[],
  entries: readonly PointEntry[],
  derived: RuleBook['derived'],
): readonly Name[] {
  const patterns = [...entries.map((entry) => entry.pattern), ...rules.flatMap(pointPatterns)];
  const texts = new Set(patterns.filter((pattern) => pattern.exact).map((pattern) => pattern.text));
  for (const { acknowledgeWith } of rules)
    if (acknowledgeWith !== null) texts.add(pointName(acknowledgeWith));
  // A set gives out what is added to it on the way.
  for (const text of texts) for (const input of derived.get(text) ?? []) texts.add(input);
  return [...texts].filter((text) => !derived.has(text)).map(splitName);
}

function splitName(text: string): Name {
  const slash = text.lastIndexOf('/');
  return { device: text.slice(0, slash), metric: text.slice(slash + 1) };
}
