import type { Value } from '../domain/reading.ts';
import type { ShownLimit } from '../domain/alert.ts';
import type { ComparedLevel, ComparedMember } from '../domain/engine.ts';
import type { WhyReport, WhyRule, WhyVerdict } from '../domain/why.ts';
import { paint, type Terminal } from './terminal.ts';
import { formatValue, printable, severityColors } from './text.ts';
import { durationText, formatMoment, formatMomentSince, readingText } from './why-format.ts';
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
    ...under(heading('Verdict'), verdictLines(why.verdict)),
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

function beganLines({ began, steps }: WhyReport): string[] {
  if (began !== null) {
    const isLate = Math.abs(began.received_at - began.at) >= sameMomentMs;
    const late = isLate ? `, received ${formatMoment(began.received_at)}` : '';
    return [`${formatMoment(began.at)}${late}, row ${began.seq}`, readingText(began)];
  }
  const [first] = steps;
  const cause = first?.kind === 'alert' ? first.cause[0] : undefined;
  return [
    cause === undefined ? 'by no reading' : `by row ${cause}: no reading, or no longer stored`,
  ];
}

function verdictLines(verdict: WhyVerdict): string[] {
  const { condition, value, unit, limit, levels } = verdict;
  const first = `${formatValue(value, unit)}, ${condition}`;
  if (levels === null) return [`${first}, limit ${limitText(limit, unit)}`];
  const acknowledge = verdict.acknowledge_required ? ', to be acknowledged' : '';
  const latch = verdict.latch === true ? ', latched' : '';
  return [
    `${first}; off-delay ${durationText(verdict.off_delay_ms ?? 0)}${acknowledge}${latch}`,
    ...levels.map((level) => levelText(level, unit)),
    ...(verdict.members ?? []).map(memberText),
  ];
}

function memberText(member: ComparedMember): string {
  const { depth, point, input, comparator, value, unit, limit, clear_limit: clear } = member;
  const indent = '  '.repeat(depth + 1);
  const verdict = member.verdict === null ? '' : `: ${member.verdict}`;
  const condition = comparator.replaceAll('_', ' ');
  if (input !== null)
    return `${indent}${printable(`${input} = ${point ?? ''}`)} ${formatValue(value, unit)}${verdict}`;
  if (point === null) {
    const count = value === null ? '' : ` ${String(value)} breached,`;
    return `${indent}${condition}:${count} needed ${limitText(limit, null)}${verdict}`;
  }
  const back = clear === null ? '' : `, clears at ${limitText(clear, unit)}`;
  const shown = value === null ? '–' : formatValue(value, unit);
  return `${indent}${printable(point)} ${shown}, ${condition} ${limitText(limit, unit)}${back}${verdict}`;
}

function levelText(level: ComparedLevel, unit: string | null): string {
  const { severity, comparator, limit, clear_limit: clear } = level;
  const back = clear === null ? '' : `, clears at ${limitText(clear, unit)}`;
  const delay = `, on-delay ${durationText(level.on_delay_ms)}`;
  const verdict = level.breached ? 'breached' : 'not breached';
  return `${severity}: ${comparator.replaceAll('_', ' ')} ${limitText(limit, unit)}${back}${delay}: ${verdict}`;
}

function limitText(limit: ShownLimit | null, unit: string | null): string {
  if (limit === null) return '–';
  const one = (value: Value): string => formatValue(value, unit);
  return typeof limit === 'object' ? `${one(limit[0])} … ${one(limit[1])}` : one(limit);
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

function ruleLines(rule: WhyRule, isFirst: boolean, terminal: Terminal): string[] {
  const { seq, at, line, text } = rule;
  const from = `config of ${formatMoment(at)}, row ${seq}`;
  if (text === null || line === null) {
    return [paint(terminal, 'dim', `Rule      one of Limen's own (${from})`)];
  }
  const lines = text.split('\n');
  const width = String(line + lines.length - 1).length;
  return [
    paint(terminal, 'dim', `Rule      ${isFirst ? 'as it was then' : 'later on'} (${from})`),
    ...lines.map((each, index) => {
      const number = String(line + index).padStart(width);
      return `  ${paint(terminal, 'dim', `${number} |`)} ${printable(each)}`;
    }),
  ];
}

function under(heading: string, [first = '', ...others]: readonly string[]): string[] {
  return [`${heading}${first}`, ...others.map((line) => `${' '.repeat(10)}${line}`)];
}
