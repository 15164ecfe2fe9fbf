import { formatDuration } from '../../domain/duration.ts';
import { compilePattern } from '../../domain/point.ts';
import { ruleAt, type Level, type Rule } from '../../domain/rule.ts';
import type { ConfigDocument } from '../text/document.ts';
import { limitText } from './level-order.ts';
import { matchesText, splitPoint } from '../points/point-units.ts';
import { quantityText } from '../points/points.ts';
import { isMap } from '../text/schema-parts.ts';

/** One key that a rule judges a point by. */
export interface ExplainedKey {
  readonly key: string;
  readonly value: string;
  /** The entry of `overrides:` that says so; null: the rule itself. */
  readonly override: string | null;
  readonly line: number;
  readonly column: number;
}

/** What a rule judges a point by, its overrides merged, and where the file says so. Defaults are left out. */
export function explainRule(
  rule: Rule,
  point: string,
  document: ConfigDocument,
): readonly ExplainedKey[] {
  const { device, metric } = splitPoint(point);
  const here = ruleAt(rule, device, metric);
  const { levels, offDelayMs, unknown, message } = here;
  const isOne = levels.length === 1 && isWrittenAsOne(document, rule.name, levels);
  const each = (text: (level: Level) => string): string => {
    const texts = levels.map(text);
    if (isOne || new Set(texts).size === 1) return texts[0] ?? '';
    return levels.map((level, index) => `${level.severity} ${texts[index] ?? ''}`).join(', ');
  };
  const [first] = levels;
  const keys = [
    ...(first === undefined
      ? []
      : [[first.comparator.kind, each(({ comparator }) => limitText(comparator))]]),
    ...(isOne && first?.severity !== 'warning' ? [['severity', first?.severity ?? '']] : []),
    ...(levels.some(({ deadband }) => deadband.value !== 0)
      ? [['deadband', each(({ deadband }) => quantityText(deadband))]]
      : []),
    ...(levels.some(({ onDelayMs }) => onDelayMs > 0)
      ? [['on_delay', each(({ onDelayMs }) => formatDuration(onDelayMs))]]
      : []),
    ...(offDelayMs > 0 ? [['off_delay', formatDuration(offDelayMs)]] : []),
    ...(unknown === 'raise' ? [['unknown', unknown]] : []),
    ...(message === null ? [] : [['message', message]]),
  ];
  const overrides = overridesOf(document, rule.name, point);
  return keys.map(([key = '', value = '']) => {
    const override = overrides.findLast(([, input]) => input[key] !== undefined)?.[0] ?? null;
    const path = ['rules', rule.name, ...(override === null ? [] : ['overrides', override]), key];
    return { key, value, override, ...document.place(document.tree.keyOffset(path)) };
  });
}

function isWrittenAsOne(
  document: ConfigDocument,
  name: string,
  [level]: readonly Level[],
): boolean {
  const rule = ruleMap(document, name);
  return level !== undefined && !isMap(rule[level.comparator.kind]);
}

function overridesOf(
  document: ConfigDocument,
  name: string,
  point: string,
): readonly (readonly [string, Record<string, unknown>])[] {
  const { overrides } = ruleMap(document, name);
  if (!isMap(overrides)) return [];
  return Object.entries(overrides).flatMap(([text, input]) => {
    const pattern = compilePattern(text.includes('/') ? text : `${text}/*`);
    return isMap(input) && matchesText(pattern, point) ? [[text, input] as const] : [];
  });
}

function ruleMap({ tree }: ConfigDocument, name: string): Record<string, unknown> {
  const rules = isMap(tree.value) ? tree.value['rules'] : null;
  const rule = isMap(rules) ? rules[name] : null;
  return isMap(rule) ? rule : {};
}
