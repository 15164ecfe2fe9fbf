import { momentText, type Failure, type Outcome, type TimelineEntry } from '../domain/rehearsal.ts';
import { paint, type Color, type Terminal } from './terminal.ts';
import { formatCount, printable } from './text.ts';

/** What became of the tests of one file. */
export interface FileResult {
  readonly file: string;
  readonly configFile: string;
  readonly outcomes: readonly { readonly outcome: Outcome; readonly tookMs: number }[];
}

type Paper = Pick<Terminal, 'hasColors'>;

/** Lines of the timeline shown before and after a failure. */
const linesBefore = 8;
const linesAfter = 3;

/** The heading of a file. */
export function fileLines({ file, configFile }: FileResult, paper: Paper): string {
  const config = configFile === file ? '' : ink(paper, 'dim', `  with ${printable(configFile)}`);
  return `\n${ink(paper, 'bold', printable(file))}${config}\n`;
}

/** One test: a line if it passed; if not, each failure and what happened around it. */
export function outcomeLines(
  outcome: Outcome,
  options: { readonly tookMs: number; readonly isVerbose: boolean; readonly file: string },
  paper: Paper,
): string {
  const { failures, timeline, spanMs } = outcome;
  const isPassed = failures.length === 0;
  const mark = isPassed ? ink(paper, 'green', '✓') : ink(paper, 'red', '✗');
  const took = `${momentText(spanMs)} in ${Math.max(1, Math.round(options.tookMs))} ms`;
  const lines = [`  ${mark} ${printable(outcome.name)}  ${ink(paper, 'dim', took)}`];
  for (const failure of failures) lines.push(...failureLines(failure, options.file, paper));
  if (options.isVerbose) lines.push(...timelineLines(timeline, paper));
  else if (!isPassed) lines.push(...aroundFailures(outcome, paper));
  return `${lines.join('\n')}\n`;
}

/** The last lines of all. */
export function totalLines(results: readonly FileResult[], tookMs: number, paper: Paper): string {
  const outcomes = results.flatMap((result) => result.outcomes);
  const failed = outcomes.filter(({ outcome }) => outcome.failures.length > 0).length;
  const passed = `${outcomes.length - failed} passed`;
  const counts = failed === 0 ? passed : `${passed}, ${ink(paper, 'red', `${failed} failed`)}`;
  const spanMs = outcomes.reduce((sum, { outcome }) => sum + outcome.spanMs, 0);
  const time = `${momentText(spanMs)} of virtual time in ${(tookMs / 1000).toFixed(1)} s`;
  const files = formatCount(results.length, 'file');
  return `\n${formatCount(outcomes.length, 'test')} in ${files}: ${counts}, ${time}\n`;
}

function failureLines(failure: Failure, file: string, paper: Paper): string[] {
  const { line, column, atMs, subject, differences, diff } = failure;
  const when = atMs === null ? '' : ` at ${momentText(atMs)}`;
  const place = `${printable(file)}:${line}:${column}`;
  const lines = ['', `      ${ink(paper, 'bold', `${printable(subject)}${when}`)}  ${place}`];
  const width = Math.max(0, ...differences.map(({ what }) => what.length));
  for (const { what, expected, actual } of differences) {
    lines.push(
      `        ${what.padEnd(width)}  ${ink(paper, 'green', `expected ${printable(expected)}`)}`,
    );
    lines.push(
      `        ${' '.repeat(width)}  ${ink(paper, 'red', `was      ${printable(actual)}`)}`,
    );
  }
  if (diff.length > 0) {
    lines.push(`        ${ink(paper, 'green', '- expected')}  ${ink(paper, 'red', '+ happened')}`);
  }
  for (const { sign, text } of diff) {
    const shown = `        ${sign} ${printable(text)}`;
    lines.push(sign === ' ' ? shown : ink(paper, sign === '-' ? 'green' : 'red', shown));
  }
  return lines;
}

/** What happened around each failure. */
function aroundFailures({ timeline }: Outcome, paper: Paper): string[] {
  const heading = `      ${ink(paper, 'dim', 'what happened')}`;
  const shown = new Set<number>();
  for (const [index, { kind }] of timeline.entries()) {
    if (kind !== 'failure') continue;
    for (let near = index - linesBefore; near <= index + linesAfter; near += 1) shown.add(near);
  }
  // Around a whole sequence there is nothing to cut out; readings would only hide it.
  if (shown.size === 0) {
    const rest = timeline.filter(({ kind }) => kind !== 'reading');
    return ['', heading, ...rest.map((entry) => entryLine(entry, paper)), ''];
  }
  const lines: string[] = ['', heading];
  let last = -1;
  for (const [index, entry] of timeline.entries()) {
    if (!shown.has(index)) continue;
    if (index > last + 1) lines.push(`        ${ink(paper, 'dim', '⋮')}`);
    lines.push(entryLine(entry, paper));
    last = index;
  }
  if (last < timeline.length - 1) lines.push(`        ${ink(paper, 'dim', '⋮')}`);
  return lines;
}

function timelineLines(timeline: readonly TimelineEntry[], paper: Paper): string[] {
  return ['', ...timeline.map((entry) => entryLine(entry, paper)), ''];
}

const colors: Readonly<Partial<Record<TimelineEntry['kind'], Color>>> = {
  alert: 'yellow',
  output: 'cyan',
  failure: 'red',
  reading: 'dim',
};

function entryLine({ atMs, untilMs, count, kind, text }: TimelineEntry, paper: Paper): string {
  const mark = kind === 'failure' ? '✗' : ' ';
  const many = count === 1 ? '' : `  ×${count} until ${momentText(untilMs)}`;
  const line = `      ${mark} ${momentText(atMs).padStart(9)}  ${kind.padEnd(7)}  ${printable(text)}${many}`;
  const color = colors[kind];
  return color === undefined ? line : ink(paper, color, line);
}

function ink(paper: Paper, color: Color, text: string): string {
  return paint(paper, color, text);
}
