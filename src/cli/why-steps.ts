import { alertKey, firstOutText, isOpen } from '../domain/alert.ts';
import type {
  WhyActStep,
  WhyAlertStep,
  WhyLimenStep,
  WhyNotificationStep,
  WhyOutputStep,
  WhyReport,
  WhyStep,
} from '../domain/why.ts';
import { paint, type Color, type Terminal } from './terminal.ts';
import { formatTable, printable, severityColors } from './text.ts';
import { durationText, formatMoment, formatMomentSince, readingText } from './why-format.ts';

/** Everything that happened, in order, a line each; under an event the rows it rests on. */
export function stepLines(why: WhyReport, terminal: Terminal): string[] {
  const { steps, events_left_off: leftOff } = why;
  const startMs = steps[0]?.at ?? 0;
  const key = alertKey(why);
  const heading = ['TIME', 'AFTER', 'ROW', 'WHAT'];
  const rows = steps.map((step) => [
    formatMomentSince(startMs, step.at),
    step.at < startMs ? '' : `+${durationText(step.at - startMs)}`,
    String(step.seq),
    stepText(step, key),
  ]);
  const [title = '', ...lines] = formatTable(heading, rows);
  const indent = ' '.repeat(title.indexOf('WHAT') + 2);
  // A row that has a line of its own needs no other.
  const told = new Set(steps.map(({ seq }) => seq));
  const painted = steps.flatMap((step, index) => {
    const line = lines[index] ?? '';
    const color = colorOf(step);
    const shown = color === null ? line : paint(terminal, color, line);
    if (step.kind !== 'alert') return [shown];
    const restsOn = [
      ...step.causes.map(({ seq, text }) => ({ seq, text: printable(text) })),
      ...step.readings.map((reading) => ({ seq: reading.seq, text: readingText(reading) })),
    ];
    const news = restsOn.filter(({ seq }) => !told.has(seq)).toSorted((a, b) => a.seq - b.seq);
    for (const { seq } of news) told.add(seq);
    return [shown, ...news.map(({ seq, text }) => `${indent}row ${seq}: ${text}`)];
  });
  const note =
    leftOff === 0 ? [] : [paint(terminal, 'dim', `(${leftOff} events in between are left off)`)];
  return [paint(terminal, 'dim', title), ...painted, ...note];
}

function stepText(step: WhyStep, key: string): string {
  switch (step.kind) {
    case 'alert':
      return alertText(step, key);
    case 'act':
      return actText(step);
    case 'output':
      return outputText(step, key);
    case 'notification':
      return notificationText(step);
    case 'limen':
      return limenText(step);
  }
}

function alertText(step: WhyAlertStep, key: string): string {
  const { first_out: firstOut, event, from, to, message, verdict, due_at: dueAt } = step;
  const due = dueAt === null ? '' : `, due ${formatMoment(dueAt).slice(11)}`;
  const reasons = whyUntold(step);
  const untold = reasons.length === 0 ? '' : `, not told: ${reasons.join(', ')}`;
  const why = reasonText(step);
  if (event === 'notice') return `notice  ${why}${untold}: ${printable(message)}`;
  if (event === 'condition') return `alert   ${to}, now ${verdict.condition}${due}`;
  const change = from === to ? to : `${from} → ${to}`;
  const first = firstOut === null ? '' : `, ${printable(firstOutText(key, firstOut))}`;
  return `alert   ${change}: ${why}, ${verdict.severity}${due}${first}${untold}: ${printable(message)}`;
}

// A flag that begins says what it is; of everything else it says why nobody heard of it.
function reasonText(step: WhyAlertStep): string {
  const why = step.reason.replaceAll('_', ' ');
  if (step.reason === 'suppressed' && step.suppressed_by !== null)
    return `${why} by ${printable(step.suppressed_by)}`;
  if (step.reason === 'shelved' && step.shelved_until !== null)
    return `${why} until ${formatMomentSince(step.at, step.shelved_until)}`;
  return why;
}

// Of what people would have been told else. A flag that ends while another one is set is not told either.
function whyUntold(step: WhyAlertStep): string[] {
  const { event, from, to, reason, suppressed_by: by, shelved_until: shelvedUntil } = step;
  if (step.hushed !== null) return [untoldWords[step.hushed] ?? step.hushed];
  const isNews = from !== to || reason === 'escalated';
  const isEdge = event === 'transition' && isNews && (isOpen(from) || isOpen(to));
  const isFlagEnd = event === 'flag' && flagEnds.includes(reason) && isOpen(to);
  if (!isEdge && !isFlagEnd) return [];
  return [
    ...(shelvedUntil === null ? [] : ['shelved']),
    ...(by === null ? [] : [`suppressed by ${printable(by)}`]),
    ...(step.out_of_service ? ['out of service'] : []),
  ];
}

const flagEnds: readonly string[] = ['unshelved', 'unsuppressed', 'in_service'];

const untoldWords: Readonly<Record<string, string>> = { chatter: 'chattering', flood: 'flood' };

function actText({ act, by, comment, result, reason }: WhyActStep): string {
  const said = comment === null ? '' : ` "${printable(comment)}"`;
  const answer =
    result === 'refused' ? `refused: ${printable(reason ?? '')}` : (result ?? 'no answer stored');
  return `act     ${act} by ${printable(by)}${said}: ${answer}`;
}

function outputText(step: WhyOutputStep, key: string): string {
  const { output, commanded, owner, reason } = step;
  // Its owner is this alert unless it says another.
  const by = owner === null || owner === key ? '' : ` for ${printable(owner)}`;
  const latency = step.latency_ms === null ? '' : `, ${step.latency_ms} ms after the event`;
  const sent = sentText(step);
  return `output  ${printable(output)} ${commanded}: ${reason.replaceAll('_', ' ')}${by}${sent}${latency}`;
}

function sentText({ sent, broker, topic, payload }: WhyOutputStep): string {
  if (sent === false) return ', nothing to send';
  if (sent !== true || payload === null) return '';
  if (topic === null) return `, ran ${printable(payload)}`;
  return `, sent to ${printable(topic)} (${printable(broker ?? '')}): ${printable(payload)}`;
}

function notificationText(step: WhyNotificationStep): string {
  const { notifier, edge, event_seq: eventSeq, result, attempts, status, detail } = step;
  const name = printable(notifier);
  if (result === 'waiting') return `notify  ${name} is still to be told of row ${eventSeq}`;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const answer = status === null ? '' : `, ${status}`;
  const why = detail === null ? '' : `, ${printable(detail)}`;
  const latency = step.latency_ms === null ? '' : `, ${step.latency_ms} ms after the event`;
  return `notify  ${name} ${edge ?? ''} (row ${eventSeq}): ${result}${answer}, ${tries}${why}${latency}`;
}

function limenText({ what, down_ms: downMs, changes_rule: changes }: WhyLimenStep): string {
  switch (what) {
    case 'started':
      return `limen   started${downMs === null ? '' : ` after ${durationText(downMs)}`}`;
    case 'stopped':
      return 'limen   stopped';
    case 'clock':
      return 'limen   clock set';
    case 'config':
      return `limen   config taken, the rule ${changes === true ? 'is another one' : 'is the same'}`;
  }
}

function colorOf(step: WhyStep): Color | null {
  if (step.kind === 'limen') return 'dim';
  if (step.kind === 'notification' && step.result === 'failed') return 'red';
  if (step.kind === 'act' && step.result === 'refused') return 'yellow';
  if (step.kind !== 'alert' || step.event === 'condition' || step.event === 'notice') return null;
  if (step.to === 'normal') return 'green';
  return step.to === 'active' ? severityColors[step.verdict.severity] : null;
}
