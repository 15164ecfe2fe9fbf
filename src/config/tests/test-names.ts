import { aboutOf, hasAlert } from '../../domain/clause.ts';
import type { Config } from '../../domain/config.ts';
import { pointName } from '../../domain/point.ts';
import type { AlertRef, Place } from '../../domain/rehearsal.ts';
import { ownRules, type Quantity } from '../../domain/rule.ts';
import type { DurationMs } from '../../domain/time.ts';
import { checkReference, readQuantity, readText, type Context } from '../context.ts';
import { parseMoment } from '../text/moments.ts';
import { quote, type Path } from '../text/problem.ts';
import { quantityPattern } from '../text/schema-parts.ts';
import { closest } from '../text/suggest.ts';

/** What the parts of a test file are read with. */
export interface TestContext extends Context {
  /**
   * null: the config has mistakes of its own, and nothing can be said about its names. Of a test that reloads: with the
   * names of all its configs.
   */
  readonly config: Config | null;
  /** The config that a `reload:` brings; null: it has mistakes. */
  reloaded(path: Path): Config | null;
  place(path: Path): Place;
}

type Scalar = string | number | boolean;

/** A time since the start of the test. */
export function readMoment(
  context: TestContext,
  path: Path,
  value: string | number | undefined,
): DurationMs | null {
  if (value === undefined) return null;
  const ms = value === 0 ? 0 : parseMoment(String(value));
  if (ms !== null) return ms;
  context.report.problem(path, {
    message: `found ${value}`,
    allowed: 'whole milliseconds, at most ten years',
  });
  return null;
}

/** An alert by its rule, or by rule/device/metric. `atKey`: it stands as a key of a map. */
export function readAlertRef(
  context: TestContext,
  path: Path,
  text: string,
  options: { readonly atKey?: boolean; readonly beside?: readonly string[] } = {},
): AlertRef | null {
  const configured = context.config?.rules.map(({ name }) => name) ?? [];
  const rules = [...new Set(configured), ...ownRules];
  if (rules.includes(text)) return { rule: text, device: null, metric: null };
  const rule = rules
    .filter((name) => text.startsWith(`${name}/`))
    .toSorted((a, b) => b.length - a.length)[0];
  const slash = text.lastIndexOf('/');
  if (rule !== undefined && slash > rule.length + 1) {
    const named = {
      rule,
      device: text.slice(rule.length + 1, slash),
      metric: text.slice(slash + 1),
    };
    if (canBe(context, named)) return named;
    const found = context.config?.rules.find(({ name }) => name === rule);
    const about = found === undefined ? null : aboutOf(found);
    context.report.problem(path, {
      message: `the rule ${quote(rule)} has no point ${quote(`${named.device}/${named.metric}`)}`,
      allowed:
        about === null
          ? (found?.points ?? []).map((pattern) => pattern.text).join(', ')
          : pointName(about),
      ...(options.atKey === true ? { atKey: true } : {}),
    });
    return null;
  }
  if (context.config === null) return null;
  const known = [...rules, ...(options.beside ?? [])];
  const [head = text] = text.split('/');
  const near = closest(text, known) ?? closest(head, rules);
  const message =
    rule === undefined ? `there is no rule ${quote(head)}` : `${quote(text)} is not an alert`;
  context.report.problem(path, {
    message,
    allowed: `a rule or rule/device/metric: ${known.join(', ')}`,
    suggestion: near,
    ...(options.atKey === true ? { atKey: true } : {}),
  });
  return null;
}

// Limen's own rules watch every point; those of the config only what they match.
function canBe(
  { config }: TestContext,
  {
    rule,
    device,
    metric,
  }: { readonly rule: string; readonly device: string; readonly metric: string },
): boolean {
  const found = config?.rules.filter(({ name }) => name === rule) ?? [];
  return found.length === 0 || found.some((each) => hasAlert(each, device, metric));
}

/** The name of an output or a notifier of the config. */
export function checkName(
  context: TestContext,
  path: Path,
  kind: 'output' | 'notifier',
  name: string,
): boolean {
  const { config } = context;
  if (config === null) return false;
  const named = kind === 'output' ? config.outputs : config.notifiers;
  return checkReference(context, path, { kind, name, known: named.map((each) => each.name) });
}

/** A value to compare with: a number with its unit, a boolean, or a state. */
export function readExpectedValue(
  context: TestContext,
  path: Path,
  value: Scalar,
): Quantity | boolean | string | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' || isQuantity(value)) {
    return readQuantity(context, path, value) ?? null;
  }
  return readText(context, path, value);
}

/** Whether a text is a number, with or without a unit. */
export function isQuantity(text: string): boolean {
  return quantityPattern.test(text);
}
