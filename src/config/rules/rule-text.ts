import { readDocument } from '../text/document.ts';

/** The lines of a config that write down one rule. */
export interface RuleText {
  /** Of the first one, from 1. */
  readonly line: number;
  readonly text: string;
}

/** Finds the lines of a rule in the text of a config, as they are written; null: it has no such rule. */
export function findRuleText(text: string, rule: string): RuleText | null {
  const { tree, place } = readDocument(text);
  if (!hasRule(tree.value, rule)) return null;
  const { line } = place(tree.keyOffset(['rules', rule]));
  const lines = text.split(/\r?\n/).slice(line - 1);
  const indent = indentOf(lines[0] ?? '');
  const next = lines.findIndex(
    (each, index) => index > 0 && isContent(each) && indentOf(each) <= indent,
  );
  const own = next < 0 ? lines : lines.slice(0, next);
  // Remarks and empty lines before the next rule belong to that one.
  const last = own.findLastIndex(isContent);
  return { line, text: own.slice(0, last + 1).join('\n') };
}

function hasRule(config: unknown, rule: string): boolean {
  if (typeof config !== 'object' || config === null || !('rules' in config)) return false;
  const { rules } = config;
  return typeof rules === 'object' && rules !== null && Object.hasOwn(rules, rule);
}

function isContent(line: string): boolean {
  return /^\s*[^\s#]/.test(line);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
