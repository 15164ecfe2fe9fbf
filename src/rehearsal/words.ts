import type { Ask } from '../domain/act.ts';
import type { OutputAsk } from '../domain/output.ts';
import { momentText, type Sent } from '../domain/rehearsal.ts';
import type { Taken } from './limen-in-test.ts';

/** A reading as the timeline shows it. */
export function readingText({ device, metric, text, unit, quality, ageMs }: Sent): string {
  const extras = [
    ...(quality === null ? [] : [quality]),
    ...(ageMs === null ? [] : [`${momentText(ageMs)} old`]),
  ];
  const value = `${device}/${metric} ${text}${unit === null ? '' : ` ${unit}`}`;
  return extras.length === 0 ? value : `${value} (${extras.join(', ')})`;
}

/** What somebody does, as the timeline shows it. */
export function actText(ask: Ask): string {
  switch (ask.act) {
    case 'shelve':
      return ask.forMs === null ? 'shelve once' : `shelve for ${momentText(ask.forMs)}`;
    case 'service':
      return ask.in ? 'put into service' : 'take out of service';
    case 'acknowledge':
    case 'reset':
    case 'unshelve':
      return ask.act;
  }
}

/** What somebody does with an output, as the timeline shows it. */
export function commandText(ask: OutputAsk, output: string): string {
  if (ask.act === 'reset') return `reset ${output}`;
  const until = ask.value === 'auto' ? '' : ` for ${momentText(ask.holdMs)}`;
  return `set ${output} ${ask.value}${until}`;
}

/** What the timeline adds to a message; null: it was stored, and there is nothing to say. */
export function takenText(taken: Taken): string | null {
  switch (taken.kind) {
    case 'stored':
      return null;
    case 'rejected':
      return `rejected: ${taken.reason}`;
    case 'relayed':
      return 'no reading: no source takes that topic';
    case 'act': {
      const { act, refused } = taken;
      return refused === null ? null : `${act} refused: ${refused}`;
    }
  }
}
