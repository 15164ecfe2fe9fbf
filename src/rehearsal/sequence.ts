import {
  alertRefText,
  momentText,
  type AlertRef,
  type DiffLine,
  type ExpectedCommand,
  type ExpectedEvent,
  type ExpectedFlag,
  type SeenEvent,
} from '../domain/rehearsal.ts';

/** An output that changed. */
export interface SeenCommand {
  readonly atMs: number;
  readonly output: string;
  readonly to: string;
}

/** Compares what was expected with what was seen, as a diff; null: it is the same. */
export function compareEvents(
  expected: readonly ExpectedEvent[],
  seen: readonly SeenEvent[],
): DiffLine[] | null {
  return compare(expected, seen, { fits: eventFits, wanted: expectedEventText, found: eventText });
}

/** The same for flags. */
export function compareFlags(
  expected: readonly ExpectedFlag[],
  seen: readonly SeenEvent[],
): DiffLine[] | null {
  return compare(expected, seen, {
    fits: ({ atMs, alert, reason, notify }, found) =>
      (atMs === null || atMs === found.atMs) &&
      isNamed(alert, found.alert) &&
      reason === found.reason &&
      (notify === null || sameNames(notify, found.notify)),
    wanted: ({ atMs, alert, reason, notify }) => {
      const at = atMs === null ? null : momentText(atMs);
      return flow({ at, alert: alertRefText(alert), reason, notify });
    },
    found: ({ atMs, alert, reason, notify }) => {
      const told = notify.length === 0 ? null : notify;
      return flow({ at: momentText(atMs), alert, reason, notify: told });
    },
  });
}

/** The same for outputs. */
export function compareCommands(
  expected: readonly ExpectedCommand[],
  seen: readonly SeenCommand[],
): DiffLine[] | null {
  return compare(expected, seen, {
    fits: (wanted, found) =>
      (wanted.atMs === null || wanted.atMs === found.atMs) &&
      wanted.output === found.output &&
      wanted.to === found.to,
    wanted: ({ atMs, output, to }) =>
      flow({ at: atMs === null ? null : momentText(atMs), output, to }),
    found: ({ atMs, output, to }) => flow({ at: momentText(atMs), output, to }),
  });
}

/** Whether an alert is the one that is named. */
export function isNamed(ref: AlertRef, key: string): boolean {
  return ref.device === null ? key.startsWith(`${ref.rule}/`) : alertRefText(ref) === key;
}

function eventFits(wanted: ExpectedEvent, found: SeenEvent): boolean {
  const { atMs, alert, from, to, reason, severity, notify } = wanted;
  return (
    (atMs === null || atMs === found.atMs) &&
    alert.rule === found.rule &&
    isNamed(alert, found.alert) &&
    (from === null || from === found.from) &&
    to === found.to &&
    (reason === null || reason === found.reason) &&
    (severity === null || severity === found.severity) &&
    (notify === null || sameNames(notify, found.notify))
  );
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join('\n') === b.toSorted().join('\n');
}

// As a line of the test file, so that it can be copied there.
function expectedEventText({
  atMs,
  alert,
  from,
  to,
  reason,
  severity,
  notify,
}: ExpectedEvent): string {
  const at = atMs === null ? null : momentText(atMs);
  return flow({ at, alert: alertRefText(alert), from, to, reason, severity, notify });
}

function eventText({ atMs, alert, to, reason, severity, notify }: SeenEvent): string {
  const told = notify.length === 0 ? null : notify;
  return flow({ at: momentText(atMs), alert, to, reason, severity, notify: told });
}

function flow(parts: Readonly<Record<string, string | readonly string[] | null>>): string {
  const items = Object.entries(parts).flatMap(([key, part]) => {
    if (part === null) return [];
    return [`${key}: ${typeof part === 'string' ? part : `[${part.join(', ')}]`}`];
  });
  return `{ ${items.join(', ')} }`;
}

interface Words<Wanted, Found> {
  fits(wanted: Wanted, found: Found): boolean;
  wanted(wanted: Wanted): string;
  found(found: Found): string;
}

/** The longest common sequence stays; what is left of either side is missing or too much. */
function compare<Wanted, Found>(
  wanted: readonly Wanted[],
  found: readonly Found[],
  words: Words<Wanted, Found>,
): DiffLine[] | null {
  const lengths = commonLengths(wanted, found, words.fits);
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  let isSame = true;
  while (row < wanted.length || column < found.length) {
    const [left, right] = [wanted[row], found[column]];
    const skipLeft = lengths[row + 1]?.[column] ?? -1;
    const skipRight = lengths[row]?.[column + 1] ?? -1;
    if (left !== undefined && right !== undefined && words.fits(left, right)) {
      lines.push({ sign: ' ', text: words.found(right) });
      row += 1;
      column += 1;
      continue;
    }
    isSame = false;
    if (left !== undefined && (right === undefined || skipLeft >= skipRight)) {
      lines.push({ sign: '-', text: words.wanted(left) });
      row += 1;
    } else if (right !== undefined) {
      lines.push({ sign: '+', text: words.found(right) });
      column += 1;
    }
  }
  return isSame ? null : lines;
}

/** Cell [row][column]: length of the longest common sequence of what is left from there. */
function commonLengths<Wanted, Found>(
  wanted: readonly Wanted[],
  found: readonly Found[],
  fits: (wanted: Wanted, found: Found) => boolean,
): number[][] {
  const lengths = Array.from({ length: wanted.length + 1 }, () =>
    new Array<number>(found.length + 1).fill(0),
  );
  for (let row = wanted.length - 1; row >= 0; row -= 1) {
    const [own, below] = [lengths[row], lengths[row + 1]];
    const left = wanted[row];
    if (own === undefined || below === undefined || left === undefined) continue;
    for (let column = found.length - 1; column >= 0; column -= 1) {
      const right = found[column];
      own[column] =
        right !== undefined && fits(left, right)
          ? 1 + (below[column + 1] ?? 0)
          : Math.max(below[column] ?? 0, own[column + 1] ?? 0);
    }
  }
  return lengths;
}
