import type { Calibration } from '../../domain/calibration.ts';
import type { Config, PointEntry } from '../../domain/config.ts';
import { readDocument, type ConfigDocument } from '../text/document.ts';
import type { Expression } from '../../domain/expression.ts';
import { pointName } from '../../domain/point.ts';
import { formatDuration } from '../../domain/duration.ts';
import { dateText } from '../text/dates.ts';
import { matchesText } from '../points/point-units.ts';
import { explainRule, type ExplainedKey } from './explain-rule.ts';
import { quantityText } from '../points/points.ts';

/** One key that the config sets for a point. */
export interface ExplainedSetting {
  readonly key:
    | 'unit'
    | 'valid'
    | 'expect_every'
    | 'via'
    | 'calibrations'
    | 'expression'
    | 'inputs';
  readonly value: string;
  /** The entry that says so. */
  readonly pattern: string;
  readonly line: number;
  readonly column: number;
  /** A later entry says otherwise. */
  readonly isOverridden: boolean;
}

/** A rule that judges a point. */
export interface ExplainedRule {
  readonly rule: string;
  readonly pattern: string;
  readonly line: number;
  readonly column: number;
  /** What it judges by at this point, its overrides merged. */
  readonly keys: readonly ExplainedKey[];
}

/** What the config says about one point. */
export interface PointExplanation {
  readonly point: string;
  /** In file order: the last one that is not overridden counts. */
  readonly settings: readonly ExplainedSetting[];
  readonly rules: readonly ExplainedRule[];
}

/** What holds for `device/metric`, and where the file says so. */
export function explainPoint(config: Config, point: string): PointExplanation {
  const document = readDocument(config.text);
  const settings = config.points
    .filter(({ pattern }) => matchesText(pattern, point))
    .flatMap((entry) => settingsOf(entry, document));
  return {
    point,
    settings: settings.map((setting, index) => ({
      ...setting,
      isOverridden: settings.slice(index + 1).some(({ key }) => key === setting.key),
    })),
    rules: config.rules.flatMap((rule) =>
      rule.points
        .filter((pattern) => matchesText(pattern, point))
        .slice(0, 1)
        .map(({ text }) => ({
          rule: rule.name,
          pattern: text,
          ...document.place(document.tree.keyOffset(['rules', rule.name])),
          keys: explainRule(rule, point, document),
        })),
    ),
  };
}

/** The explanation as `limen check --explain` prints it. */
export function formatExplanation(explanation: PointExplanation, file: string): string {
  const { point, settings, rules } = explanation;
  const lines = [point];
  for (const { key, value, pattern, line, column, isOverridden } of settings) {
    const note = isOverridden ? ', overridden below' : '';
    lines.push(`  ${key}: ${value}  (${file}:${line}:${column}, ${pattern}${note})`);
  }
  if (settings.length === 0) lines.push('  no entry of points: matches');
  for (const { rule, pattern, line, column, keys } of rules) {
    lines.push(`  rule ${rule}  (${file}:${line}:${column}, ${pattern})`);
    for (const { key, value, override, ...place } of keys) {
      const from = override === null ? '' : `, override ${override}`;
      lines.push(`    ${key}: ${value}  (${file}:${place.line}:${place.column}${from})`);
    }
  }
  if (rules.length === 0) lines.push('  no rule matches');
  return lines.join('\n');
}

type PlacedSetting = Omit<ExplainedSetting, 'isOverridden'>;

function settingsOf(entry: PointEntry, document: ConfigDocument): readonly PlacedSetting[] {
  const { unit, valid, expectEveryMs, via, calibrations, expression } = entry;
  const pattern = entry.pattern.text;
  const setting = (key: PlacedSetting['key'], value: string): PlacedSetting => {
    const place = document.place(document.tree.keyOffset(['points', pattern, key]));
    return { key, value, pattern, ...place };
  };
  return [
    ...(unit === null ? [] : [setting('unit', unit)]),
    ...(valid === null ? [] : [setting('valid', `[${valid.map(quantityText).join(', ')}]`)]),
    ...(expectEveryMs === null ? [] : [setting('expect_every', formatDuration(expectEveryMs))]),
    ...(via === null ? [] : [setting('via', via)]),
    ...(calibrations === null ? [] : [setting('calibrations', calibrationsText(calibrations))]),
    ...(expression === null
      ? []
      : [setting('expression', expression.text), setting('inputs', inputsText(expression))]),
  ];
}

function inputsText({ inputs }: Expression): string {
  const parts = inputs.map(({ name, unit, ...point }) =>
    [`${name}:`, pointName(point), unit ?? ''].join(' ').trimEnd(),
  );
  return `{ ${parts.join(', ')} }`;
}

function calibrationsText(calibrations: readonly Calibration[]): string {
  const entries = calibrations.map(({ fromMs, scale, offset }) => {
    const from = fromMs === null ? '' : `from: ${dateText(fromMs)}, `;
    return `{ ${from}scale: ${scale}, offset: ${offset} }`;
  });
  return `[${entries.join(', ')}]`;
}
