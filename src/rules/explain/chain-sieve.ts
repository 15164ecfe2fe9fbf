import type { JournalRow, RowKind } from '../../domain/journal.ts';
import {
  rowWith,
  type ActBody,
  type AlertBody,
  type AnswerBody,
  type NotificationBody,
  type OutputBody,
  type RowWith,
} from './explain-rows.ts';

/** Kinds of rows that may belong to the chain of an occurrence, beside its own events. */
export const chainKinds: readonly RowKind[] = [
  'act',
  'answer',
  'output',
  'notification',
  'started',
  'stopped',
  'config',
  'clock',
];

/** What is known of an occurrence before its chain is gathered. */
export interface Occurrence {
  readonly id: string;
  /** The alert: `rule/device/metric`. */
  readonly key: string;
  /** Numbers of all its events. */
  readonly seqs: readonly number[];
  /** Its events, some in the middle perhaps left out. */
  readonly events: readonly RowWith<AlertBody>[];
}

/** Picks the rows of one chain out of the journal. */
export interface ChainSieve {
  /** Whether the row belongs to the chain. Rows are to be given in order, from the first event on. */
  takes(row: JournalRow): boolean;
  /** Whether nothing can follow any more up to this number but what has nothing to do with it. */
  isComplete(seq: number): boolean;
}

/** What an event brings about at once has a number close to its own; only notifications may come much later. */
const tailSeqs = 1_000;

/** Makes the sieve of one occurrence. */
export function createChainSieve({ id, key, seqs, events }: Occurrence): ChainSieve {
  const own = new Set(seqs);
  // What people are told later is no part of its life.
  const last = events.findLast(({ body }) => body.kind !== 'notice');
  const lastSeq = last?.body.to === 'normal' ? last.seq : Infinity;
  const lastEventSeq = Math.max(lastSeq, seqs.at(-1) ?? 0);
  const acts = new Set<number>();
  const outputs = new Set<number>();
  const owners = new Map<string, string | null>();
  const awaited = new Set(
    events.flatMap(({ seq, body }) => body.notify.map((name) => told(name, seq))),
  );

  const takesAct = ({ seq, key: about, body }: RowWith<ActBody>): boolean => {
    if (about !== key || seq > lastSeq || (body.id !== null && body.id !== id)) return false;
    acts.add(seq);
    return true;
  };
  // Whatever befalls an output between the moment the alert owns it and the moment it does not is part of the story:
  // protection, a link that returns, a more severe alert.
  const takesOutput = ({ seq, key: output, body }: RowWith<OutputBody>): boolean => {
    const isOver = seq > lastSeq;
    const wasOwner = owners.get(output) === key;
    const isCaused = body.cause.some((cause) => own.has(cause) || outputs.has(cause));
    const isOwner = body.owner === key && !isOver;
    owners.set(output, isOver ? null : body.owner);
    if (!isCaused && !isOwner && !wasOwner) return false;
    outputs.add(seq);
    return true;
  };
  const takesNotification = (row: RowWith<NotificationBody>): boolean => {
    awaited.delete(told(row.key, row.body.event_seq));
    return own.has(row.body.event_seq);
  };

  return {
    takes(row) {
      switch (row.kind) {
        case 'act':
          return takesAct(rowWith(row));
        case 'answer':
          return acts.has(rowWith<AnswerBody>(row).body.seq);
        case 'output':
          return takesOutput(rowWith(row));
        case 'notification':
          return takesNotification(rowWith(row));
        case 'started':
        case 'stopped':
        case 'config':
        case 'clock':
          return row.seq < lastSeq;
        default:
          return false;
      }
    },
    isComplete: (seq) => seq > lastEventSeq + tailSeqs && awaited.size === 0,
  };
}

function told(notifier: string, eventSeq: number): string {
  return `${eventSeq} ${notifier}`;
}
