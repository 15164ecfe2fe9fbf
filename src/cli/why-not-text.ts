import type { WhyNotReport } from '../domain/why-not.ts';
import { clauseLines } from './why-not-clauses.ts';
import { paint, type Terminal } from './terminal.ts';
import { formatCount, printable } from './text.ts';
import { formatMoment, formatMomentSince, ruleLines } from './why-format.ts';

/** The answer as people read it: the reason, then clause by clause in the order in which they act, then the rule. */
export function whyNotText(report: WhyNotReport, terminal: Terminal): string {
  const { rule, device, metric, at, clauses, rules } = report;
  const title = `${printable(rule)}  ${printable(`${device}/${metric}`)}  at ${formatMoment(at)}`;
  const width = Math.max(...clauses.map(({ clause }) => clause.length));
  const lines = [paint(terminal, 'bold', title), verdictLine(report, terminal), ''];
  for (const clause of clauses) {
    const isReason = clause.clause === report.reason;
    const [first = '', ...others] = clauseLines(clause, report);
    const held = clause.held ? 'held' : 'ok';
    const line = `${isReason ? '→' : ' '} ${clause.clause.replaceAll('_', '-').padEnd(width)}  ${held.padEnd(4)}  ${first}`;
    const color = isReason ? 'yellow' : clause.held ? null : 'dim';
    lines.push(color === null ? line : paint(terminal, color, line));
    lines.push(...others.map((other) => `${' '.repeat(width + 10)}${other}`));
  }
  for (const [index, each] of rules.entries()) {
    if (each.text === null && !rule.startsWith('limen.')) continue;
    lines.push('', ...ruleLines(each, index === 0, terminal));
  }
  lines.push('', paint(terminal, 'dim', replayLine(report)));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function verdictLine(report: WhyNotReport, terminal: Terminal): string {
  const { fired, reason, clauses } = report;
  const clause = clauses.find((one) => one.clause === reason);
  const [because = ''] = clause === undefined ? [] : clauseLines(clause, report);
  if (clause === undefined) return 'Nothing held it back: it fires at the next look';
  if (!fired) return `${paint(terminal, 'yellow', 'It did not fire')}: ${because}`;
  const what = reason === 'state' ? 'It did fire' : 'It did fire, but nobody was told';
  return `${paint(terminal, 'red', what)}: ${because}`;
}

function replayLine({ replay }: WhyNotReport): string {
  const { from, to, readings, cut, agrees } = replay;
  const span = `from ${formatMoment(from)} to ${formatMomentSince(from, to)}`;
  const left = cut ? '; more lies before, and was left out' : '';
  const doubt =
    agrees === false ? '; the journal says another state than the replay: the journal is told' : '';
  return `Replayed ${formatCount(readings, 'reading')} ${span}${left}${doubt}`;
}
