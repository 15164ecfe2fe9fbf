import type { ComparedLevel } from '../domain/engine.ts';
import { faultRules } from '../domain/rule.ts';
import type { WhyReport } from '../domain/why.ts';
import { paint, type Terminal } from './terminal.ts';
import { formatValue, printable, severityColors } from './text.ts';
import {
  durationText,
  formatMoment,
  formatMomentSince,
  limitText,
  memberText,
  readingText,
  ruleLines,
} from './why-format.ts';
import { stepLines } from './why-steps.ts';

/** The time of a reading and that of its judgement differ by the work in between: no news below this. */
const sameMomentMs = 20;

/** The chain as people read it: what began it, the verdict, the delay, then everything in order, then the rule. */
export function whyText(why: WhyReport, terminal: Terminal): string {
  const heading = (text: string): string => paint(terminal, 'dim', text.padEnd(10));
  const title = `${printable(why.id)}  ${titleOf(why)}`;
  const lines = [
    paint(terminal, why.state === 'normal' ? 'bold' : severityColors[why.severity_max], title),
    printable(why.message),
    '',
    ...under(heading('Began'), beganLines(why)),
    ...under(heading('Verdict'), verdictLines(why)),
    ...under(heading('Delay'), delayLines(why)),
    '',
    ...stepLines(why, terminal),
  ];
  for (const [index, rule] of why.rules.entries()) {
    lines.push('', ...ruleLines(rule, index === 0, terminal));
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function titleOf(why: WhyReport): string {
  const { state, severity_max: severity, duration_ms: durationMs } = why;
  const drill = why.drill ? 'a drill, ' : '';
  const raises = why.raises > 1 ? `, raised ${why.raises} times` : '';
  if (durationMs === null) return `${drill}${state}, ${severity}${raises}`;
  if (why.raises === 0) return `${drill}over after ${durationText(durationMs)}, never raised`;
  return `${drill}over after ${durationText(durationMs)}, ${severity}${raises}`;
}

function beganLines({ began, began_by: by, drill, steps }: WhyReport): string[] {
  if (began !== null) {
    const isLate = Math.abs(began.received_at - began.at) >= sameMomentMs;
    const late = isLate ? `, received ${formatMoment(began.received_at)}` : '';
    return [`${formatMoment(began.at)}${late}, row ${began.seq}`, readingText(began)];
  }
  if (drill) return ['by limen drill'];
  if (by !== null) return [`${formatMoment(by.at)}, row ${by.seq}`, printable(by.text)];
  const [first] = steps;
  const cause = first?.kind === 'alert' ? first.cause.at(-1) : undefined;
  return [cause === undefined ? 'by no reading' : `by row ${cause}, which is no longer stored`];
}

function verdictLines({ rule, drill, verdict }: WhyReport): string[] {
  const { condition, value, unit, limit, levels } = verdict;
  if (drill) return ['none: a drill judges nothing'];
  const first = value === null ? condition : `${formatValue(value, unit)}, ${condition}`;
  if (levels === null) return [`${first}, limit ${limitText(limit, unit)}`];
  const acknowledge = verdict.acknowledge_required ? ', to be acknowledged' : '';
  const latch = verdict.latch === true ? ', latched' : '';
  // It is there or not: no number is compared with another.
  if (withoutLimit.includes(rule)) return [`${first}${acknowledge}`];
  return [
    `${first}; off-delay ${durationText(verdict.off_delay_ms ?? 0)}${acknowledge}${latch}`,
    ...levels.map((level) => levelText(level, unit)),
    ...(verdict.members ?? []).map(memberText),
  ];
}

const withoutLimit: readonly string[] = [
  'limen.was_down',
  'limen.source_lost',
  'limen.flood',
  ...faultRules,
];

function levelText(level: ComparedLevel, unit: string | null): string {
  const { severity, comparator, limit, clear_limit: clear } = level;
  const back = clear === null ? '' : `, clears at ${limitText(clear, unit)}`;
  const delay = `, on-delay ${durationText(level.on_delay_ms)}`;
  const verdict = level.breached ? 'breached' : 'not breached';
  return `${severity}: ${comparator.replaceAll('_', ' ')} ${limitText(limit, unit)}${back}${delay}: ${verdict}`;
}

function delayLines({ delay }: WhyReport): string[] {
  if (delay === null) return ['none'];
  const { pending_at: pendingAt, due_at: dueAt, active_at: activeAt } = delay;
  const due = dueAt === null ? '' : `, due ${formatMomentSince(pendingAt, dueAt)}`;
  const end =
    activeAt === null
      ? ', never active'
      : `, active ${formatMomentSince(pendingAt, activeAt)} (${durationText(activeAt - pendingAt)})`;
  return [`pending ${formatMoment(pendingAt)}${due}${end}`];
}

function under(heading: string, [first = '', ...others]: readonly string[]): string[] {
  return [`${heading}${first}`, ...others.map((line) => `${' '.repeat(10)}${line}`)];
}
