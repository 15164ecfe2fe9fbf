import type { HygieneReport } from '../domain/hygiene.ts';
import { paint, type Color, type Terminal } from './terminal.ts';
import {
  formatCount,
  formatDuration,
  formatTable,
  formatTime,
  printable,
  severityColors,
} from './text.ts';

/** One figure beside what the standards ask for; `isGood` null: they ask for nothing. */
interface Figure {
  readonly name: string;
  readonly value: string;
  readonly target: string;
  readonly isGood: boolean | null;
}

/** The report as people read it: figures, the worst offenders, what is open, what to do. */
export function reportText(report: HygieneReport, terminal: Terminal): string {
  const { from, to, since } = report;
  const whole = since > from ? `, stored since ${formatTime(since)}` : '';
  const lines = [
    paint(terminal, 'bold', `Alarm hygiene from ${formatTime(from)} to ${formatTime(to)}${whole}`),
    '',
    ...figureLines(figuresOf(report), terminal),
    ...offenderLines(report, terminal),
    ...standingLines(report, terminal),
    '',
    ...findingLines(report, terminal),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function figuresOf(report: HygieneReport): Figure[] {
  const { announced, per_10_minutes: rate, flood, acknowledgement: seen } = report;
  const peakAt = rate.peak_at === null ? '' : ` (${formatTime(rate.peak_at)})`;
  const none = (count: number): boolean | null => count === 0;
  return [
    figure('announced alerts', String(announced)),
    figure('per 10 minutes, mean', number(rate.mean), `≤ ${rate.target}`, rate.mean <= rate.target),
    figure(
      'per 10 minutes, peak',
      `${rate.peak}${peakAt}`,
      `≤ ${flood.limit}`,
      rate.peak <= flood.limit,
    ),
    figure('time in flood', percent(flood.share), '< 1 %', flood.share < 0.01),
    ...report.priorities.map(({ severity, count, share, target_share: target }) =>
      figure(
        `${severity}`,
        `${count} (${percent(share)})`,
        `about ${percent(target)}`,
        announced === 0 || severity !== 'critical' ? null : share <= 2 * target,
      ),
    ),
    figure('chattering raises', String(report.chattering), '0', none(report.chattering)),
    figure('fleeting (< 10 s)', String(report.fleeting), '0', none(report.fleeting)),
    figure('stale (> 24 h)', String(report.stale), '0', none(report.stale)),
    figure('always shelved', String(report.always_shelved), '0', none(report.always_shelved)),
    figure('never acknowledged', `${seen.never_acknowledged} of ${seen.ended} that ended`),
    figure(
      'mean time to acknowledge',
      seen.mean_ms === null ? '–' : `${formatDuration(seen.mean_ms)} (${seen.acknowledged})`,
    ),
    figure('open at the end', String(report.standing_count)),
    figure(
      'not counted',
      `${report.went_back} pending went back, ${formatCount(report.drills, 'drill')}`,
    ),
  ];
}

function figure(name: string, value: string, target = '', isGood: boolean | null = null): Figure {
  return { name, value, target, isGood };
}

function figureLines(figures: readonly Figure[], terminal: Terminal): string[] {
  const rows = figures.map(({ name, value, target, isGood }) => [
    name,
    value,
    target,
    isGood === null ? '' : isGood ? 'good' : 'too much',
  ]);
  return table(['FIGURE', 'VALUE', 'AIM', ''], rows, terminal, (index) => {
    return figures[index]?.isGood === false ? 'yellow' : null;
  });
}

function offenderLines({ offenders }: HygieneReport, terminal: Terminal): string[] {
  if (offenders.length === 0) return [];
  const rows = offenders.map((one) => [
    String(one.count),
    percent(one.share),
    String(one.chattering),
    String(one.fleeting),
    printable(one.alert),
  ]);
  const heading = ['COUNT', 'SHARE', 'CHATTERING', 'FLEETING', 'ALERT'];
  return ['', ...table(heading, rows, terminal, () => null)];
}

function standingLines({ standing }: HygieneReport, terminal: Terminal): string[] {
  if (standing.length === 0) return [];
  const rows = standing.map((one) => [
    formatDuration(one.for_ms),
    one.state,
    one.severity,
    printable(one.alert),
  ]);
  return [
    '',
    ...table(['OPEN FOR', 'STATE', 'SEVERITY', 'ALERT'], rows, terminal, (index) => {
      const severity = standing[index]?.severity;
      return severity === undefined ? null : severityColors[severity];
    }),
  ];
}

function findingLines({ findings, announced }: HygieneReport, terminal: Terminal): string[] {
  if (findings.length === 0) {
    return [announced === 0 ? 'Nothing rang in this time' : 'Nothing to improve'];
  }
  return [
    paint(terminal, 'bold', formatCount(findings.length, 'finding')),
    ...findings.flatMap(({ finding, alert, what, suggestion }) => [
      `${finding.replaceAll('_', ' ')}${alert === null ? '' : ` ${printable(alert)}`}: ${printable(what)}`,
      `  → ${printable(suggestion)}`,
    ]),
  ];
}

function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Terminal,
  colorOf: (index: number) => Color | null,
): string[] {
  const [title = '', ...lines] = formatTable(heading, rows);
  return [
    paint(terminal, 'dim', title),
    ...lines.map((line, index) => {
      const color = colorOf(index);
      return color === null ? line : paint(terminal, color, line);
    }),
  ];
}

function percent(share: number): string {
  const inHundred = share * 100;
  return `${inHundred < 10 ? Number(inHundred.toFixed(1)) : Math.round(inHundred)} %`;
}

function number(value: number): string {
  return value < 10 ? value.toFixed(2) : String(Math.round(value));
}
