import type { Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from '../text/problem.ts';

/** The parts of a source's topic that name a point. */
export const captures = ['{device}', '{metric}'] as const;

/** Checks a topic to publish on; false and a problem if it is not one. */
export function checkTopic(context: Context, path: Path, topic: string): boolean {
  const mistake = topicMistake(topic);
  if (mistake !== null) {
    context.report.problem(path, {
      message: `${mistake} in ${quote(topic)}`,
      allowed: 'levels separated by /, without + and #, not beginning with $',
    });
  }
  return mistake === null;
}

function topicMistake(topic: string): string | null {
  if (/[+#]/.test(topic)) return 'a wildcard';
  if (topic.startsWith('$')) return '$ at the start';
  if (hasEmptyLevel(topic)) return 'an empty level';
  return topic.length > configLimits.topicCharsMax ? 'too many characters' : null;
}

// Devices that write /home/siren are common; elsewhere a slash too many is a slip.
function hasEmptyLevel(topic: string): boolean {
  return topic.split('/').includes('', 1) || topic === '';
}

/** Checks the topic of a source; false and a problem if a reading could not be named from it. */
export function checkSourceTopic(context: Context, path: Path, pattern: string): boolean {
  const allowed = `levels separated by /, {device} and at most one {metric}, each a whole level`;
  const fail = (message: string, suggestion: string | null = null): boolean => {
    context.report.problem(path, { message, allowed, suggestion });
    return false;
  };
  if (/[+#]/.test(pattern)) {
    return fail(`the wildcards + and # are not in this version of Limen: ${quote(pattern)}`);
  }
  if (pattern.startsWith('$')) return fail(`$ at the start in ${quote(pattern)}`);
  const levels = pattern.split('/');
  if (hasEmptyLevel(pattern)) return fail(`an empty level in ${quote(pattern)}`);
  const names = Array.from(pattern.matchAll(/\{[^{}/]*\}/g), (match) => match[0]);
  for (const name of names) {
    if (!captures.some((known) => known === name)) return fail(`unknown capture ${quote(name)}`);
    if (!levels.includes(name)) return fail(`${name} is only a part of a level`);
    if (names.filter((other) => other === name).length > 1) return fail(`${name} stands twice`);
  }
  if (!names.includes('{device}')) return fail(`{device} is missing in ${quote(pattern)}`);
  return true;
}

/** What Limen publishes below its prefix. */
const ownBranches = ['status', 'alerts', 'events', 'outputs'] as const;

/** Whether a source's topic lies below Limen's prefix, where it hears nothing, or can match what Limen publishes there. */
export function reachesBelow(pattern: string, prefix: string): boolean {
  const levels = pattern.split('/');
  const prefixLevels = prefix.split('/');
  if (levels.length <= prefixLevels.length) return false;
  if (!prefixLevels.every((part, index) => matchesLevel(levels[index], part))) return false;
  const next = levels[prefixLevels.length];
  return (
    pattern.startsWith(`${prefix}/`) || ownBranches.some((branch) => matchesLevel(next, branch))
  );
}

/** Whether a source would take a message on this topic for a reading. */
export function sourceMatches(pattern: string, topic: string): boolean {
  const levels = pattern.split('/');
  const parts = topic.split('/');
  return (
    levels.length === parts.length &&
    parts.every((part, index) => matchesLevel(levels[index], part))
  );
}

function matchesLevel(level: string | undefined, part: string): boolean {
  return level === part || captures.some((capture) => capture === level);
}
