import type { AlertKey } from './alert.ts';

/** What a command topic under an alert asks for. */
export const alertVerbs = ['ack', 'shelve', 'unshelve', 'reset', 'service'] as const;
export type AlertVerb = (typeof alertVerbs)[number];

/** What a command topic under an output asks for. */
export const outputVerbs = ['set', 'reset'] as const;
export type OutputVerb = (typeof outputVerbs)[number];

/** A topic on which Limen takes commands (contract 6). */
export type CommandTopic =
  | { readonly kind: 'alert'; readonly key: AlertKey; readonly verb: AlertVerb }
  | { readonly kind: 'output'; readonly output: string; readonly verb: OutputVerb };

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const reserved = /[/+#%\u0000-\u001F\u007F-\u009F]/g;

/** A name as one topic level: `/ + # %` and control characters percent-encoded. */
export function encodeLevel(name: string): string {
  return name.replace(reserved, (character) => {
    const code = character.charCodeAt(0);
    // encodeURIComponent leaves nothing of this set alone, and gives C1 controls as the two bytes of UTF-8.
    return code < 0x80
      ? `%${code.toString(16).toUpperCase().padStart(2, '0')}`
      : encodeURIComponent(character);
  });
}

/** The name in a topic level; null if it is empty or its percent-encoding is broken. */
export function decodeLevel(level: string): string | null {
  if (level === '') return null;
  if (!level.includes('%')) return level;
  try {
    return decodeURIComponent(level);
  } catch {
    return null;
  }
}

/** Where an alert is retained: `<prefix>/alerts/<rule>/<device>/<metric>`. */
export function alertTopic(prefix: string, key: AlertKey): string {
  const { rule, device, metric } = key;
  return `${prefix}/alerts/${encodeLevel(rule)}/${encodeLevel(device)}/${encodeLevel(metric)}`;
}

/** Where the status of an output is retained: `<prefix>/outputs/<output>`. */
export function outputTopic(prefix: string, output: string): string {
  return `${prefix}/outputs/${encodeLevel(output)}`;
}

/** The alert a topic of `alertTopic` stands for; null for any other topic. */
export function parseAlertTopic(prefix: string, topic: string): AlertKey | null {
  const levels = levelsBelow(`${prefix}/alerts/`, topic);
  return levels?.length === 3 ? keyOf(levels) : null;
}

/** The output a topic of `outputTopic` stands for; null for any other topic. */
export function parseOutputTopic(prefix: string, topic: string): string | null {
  const levels = levelsBelow(`${prefix}/outputs/`, topic);
  return levels?.length === 1 ? decodeLevel(levels[0] ?? '') : null;
}

/** The command a topic stands for; null for any other topic, or a verb that does not exist. */
export function parseCommandTopic(prefix: string, topic: string): CommandTopic | null {
  const alert = levelsBelow(`${prefix}/alerts/`, topic);
  if (alert !== null) {
    const key = keyOf(alert);
    const verb = alertVerbs.find((known) => known === alert[3]);
    return alert.length === 4 && key !== null && verb !== undefined
      ? { kind: 'alert', key, verb }
      : null;
  }
  const levels = levelsBelow(`${prefix}/outputs/`, topic);
  if (levels?.length !== 2) return null;
  const output = decodeLevel(levels[0] ?? '');
  const verb = outputVerbs.find((known) => known === levels[1]);
  return output !== null && verb !== undefined ? { kind: 'output', output, verb } : null;
}

const commandLevels: ReadonlySet<string> = new Set([
  'set',
  'get',
  'command',
  'cmd',
  'cmnd',
  'rpc',
  'NCMD',
  'DCMD',
]);

/**
 * Whether a topic carries somebody's command to a device (`.../set`, `cmnd/...`, Victron's `W/...`): it flows through
 * the same broker and is never a reading.
 */
export function isCommandTopic(levels: readonly string[]): boolean {
  if (levels[0] === 'W' || levels[0] === 'R') return levels.length >= 4;
  return (
    levels.some((level, index) => index !== 0 && commandLevels.has(level)) || levels[0] === 'cmnd'
  );
}

/**
 * Whether a topic filter matches a topic, by MQTT 3.1.1 section 4.7: `+` is one level (an empty one too), `#` is the
 * parent and all below, and a filter that begins with a wildcard does not match topics that begin with `$`.
 * A filter with a misplaced wildcard matches nothing.
 */
export function matchesFilter(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return index === wanted.length - 1;
    const found = levels[index];
    if (found === undefined) return false;
    if (level !== '+' && (level !== found || isMisplaced(level))) return false;
  }
  return levels.length === wanted.length;
}

function isMisplaced(level: string): boolean {
  return level.includes('+') || level.includes('#');
}

function levelsBelow(root: string, topic: string): string[] | null {
  return topic.startsWith(root) ? topic.slice(root.length).split('/') : null;
}

function keyOf(levels: readonly string[]): AlertKey | null {
  const rule = decodeLevel(levels[0] ?? '');
  const device = decodeLevel(levels[1] ?? '');
  const metric = decodeLevel(levels[2] ?? '');
  return rule === null || device === null || metric === null ? null : { rule, device, metric };
}
