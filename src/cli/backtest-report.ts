import type {
  AlertDifference,
  AlertFigures,
  BacktestLine,
  BacktestOutcome,
  DifferenceKind,
  RaisedSpan,
} from '../domain/backtest.ts';
import type { DurationMs } from '../domain/time.ts';
import { paint, type Color, type Terminal } from './terminal.ts';
import { formatCount, formatDuration, formatTable, formatTime, printable } from './text.ts';

/** Differences that fit on a screen; `--json` has all. */
const shownMax = 20;

const colors: Readonly<Record<DifferenceKind, Color>> = {
  gained: 'yellow',
  lost: 'cyan',
  moved: 'dim',
};

type Paper = Pick<Terminal, 'hasColors'>;

/** What a backtest found, as text: figures, differences, suggestions. */
export function outcomeLines(outcome: BacktestOutcome, tookMs: DurationMs, paper: Paper): string {
  const { lines, readings, fromMs, toMs, problems, suggestions } = outcome;
  const perSecond = Math.round(readings / Math.max(tookMs / 1000, 0.001));
  const parts = [
    `${formatTime(fromMs)} to ${formatTime(toMs)}: ${count(readings)} readings in ` +
      `${(tookMs / 1000).toFixed(1)} s (${count(perSecond)}/s)`,
    ...problems.map((problem) => `${paint(paper, 'yellow', 'warning')} ${printable(problem)}`),
    '',
    ...(lines.length === 0 ? ['No alert, under the rules as they are or as they would be.'] : []),
    ...(lines.length === 0 ? [] : figureTable(lines)),
    ...differenceLines(outcome, paper),
    ...(suggestions.length === 0 ? [] : ['', 'Suggestions']),
    ...suggestions.map(
      ({ rule, key, value, because }) =>
        `  ${printable(rule)}: ${paint(paper, 'bold', `${key}: ${printable(value)}`)} (${printable(because)})`,
    ),
  ];
  return parts.map((line) => `${line}\n`).join('');
}

function figureTable(lines: readonly BacktestLine[]): string[] {
  const change = (
    { before, after }: BacktestLine,
    shown: (figures: AlertFigures) => string,
  ): string => {
    const [old, fresh] = [shown(before), shown(after)];
    return old === fresh ? old : `${old} → ${fresh}`;
  };
  return formatTable(
    ['RULE', 'POINT', 'ALERTS', 'IN ALARM', 'CHATTER', 'GAINED', 'LOST', 'MOVED'],
    lines.map((line) => [
      printable(line.rule),
      printable(`${line.device}/${line.metric}`),
      change(line, ({ alerts }) => count(alerts)),
      change(line, ({ raisedMs }) => formatDuration(raisedMs)),
      change(line, ({ chatter }) => count(chatter)),
      count(line.gained),
      count(line.lost),
      count(line.moved),
    ]),
  );
}

function differenceLines(
  { lines, differences, differencesOmitted }: BacktestOutcome,
  paper: Paper,
): string[] {
  if (differences.length === 0) return lines.length === 0 ? [] : ['', 'No difference.'];
  const total = (kind: DifferenceKind): number => lines.reduce((sum, line) => sum + line[kind], 0);
  const rest = differences.length - shownMax + differencesOmitted;
  return [
    '',
    `${formatCount(total('gained'), 'alert')} gained, ${total('lost')} lost, ${total('moved')} moved`,
    ...differences.slice(0, shownMax).map((difference) => differenceLine(difference, paper)),
    ...(rest > 0 ? [`  … and ${count(rest)} more; --json lists them`] : []),
  ];
}

function differenceLine(difference: AlertDifference, paper: Paper): string {
  const { kind, rule, device, metric, before, after } = difference;
  const span = kind === 'moved' ? movedText(before, after) : spanText(before ?? after);
  const name = printable(`${rule} ${device}/${metric}`);
  const at = formatTime((before ?? after)?.startMs ?? null);
  return `  ${paint(paper, colors[kind], kind.padEnd(6))}  ${at}  ${name}  ${span}`;
}

function spanText(span: RaisedSpan | null): string {
  if (span === null) return '';
  const { startMs, endMs, severity } = span;
  return `${severity}, ${endMs === null ? 'still raised' : formatDuration(endMs - startMs)}`;
}

function movedText(before: RaisedSpan, after: RaisedSpan): string {
  const parts = [
    shiftText('start', after.startMs - before.startMs),
    before.endMs !== null && after.endMs !== null
      ? shiftText('end', after.endMs - before.endMs)
      : endText(before, after),
    before.severity === after.severity ? null : `${before.severity} → ${after.severity}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function endText(before: RaisedSpan, after: RaisedSpan): string | null {
  if (before.endMs === after.endMs) return null;
  return after.endMs === null ? 'does not end' : 'ends';
}

function shiftText(edge: string, byMs: DurationMs): string | null {
  if (byMs === 0) return null;
  const size = Math.abs(byMs);
  const text =
    size < 1000 ? `${size}ms` : size < 3_600_000 ? minutesText(size) : formatDuration(size);
  return `${edge} ${text} ${byMs > 0 ? 'later' : 'earlier'}`;
}

// Delays differ by minutes and seconds.
function minutesText(ms: DurationMs): string {
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  if (seconds < 60) return `${seconds}s`;
  return rest === 0 ? `${seconds / 60}m` : `${Math.floor(seconds / 60)}m ${rest}s`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
