import { readCommand } from './channel/commands.ts';
import type { Journal } from './channel/journal.ts';
import type { Outputs } from './consumers/outputs/outputs.ts';
import type { Publisher } from './consumers/publisher.ts';
import type { Stream } from './consumers/stream.ts';
import type { Act, ActAnswer } from './domain/act.ts';
import { alertKey, type AlertKey } from './domain/alert.ts';
import type { ActVerdict, EngineInput } from './domain/engine.ts';
import type { OutputCommand } from './domain/output.ts';
import type { Seq } from './domain/reading.ts';
import type { Metrics } from './host/metrics.ts';

/** A message on one of Limen's own topics. */
export interface OwnMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

/** Where acts end, whichever way they came. */
export interface Acts {
  /** Resolves with the answer, after its commit. A refusal is an answer. */
  perform(act: Act): Promise<ActAnswer>;
  /** The same for an output. */
  performCommand(command: OutputCommand): Promise<ActAnswer>;
  /** Takes a message on an own topic; true if its sender has to wait for a commit. `from` signs for who names nobody. */
  command(message: OwnMessage, from: string): boolean;
}

/** What acts need of the program. */
export interface ActsOptions {
  prefix(): string;
  readonly journal: Journal;
  readonly publisher: Publisher;
  readonly stream: Stream;
  readonly metrics: Metrics;
  readonly outputs: Pick<Outputs, 'command'>;
  /** The present occurrence of an alert, the last one if it is normal; null: there is no such alert. */
  presentId(alert: AlertKey): string | null;
  input(key: string, body: unknown, given: EngineInput): { seq: Seq; verdict: ActVerdict | null };
}

/** Acts from a topic, the CLI or HTTP: all the same. */
export function createActs(options: ActsOptions): Acts {
  const { journal, publisher, stream, metrics, input } = options;
  const ignored = metrics.counter(
    'limen_messages_ignored_total',
    "Messages on Limen's own topics that are no command",
  );

  const answer = (given: ActAnswer): Promise<ActAnswer> => {
    journal.append('answer', given.act, given);
    return new Promise((resolve) => {
      journal.afterCommit(() => {
        publisher.answer(given);
        if (stream.hasListeners) stream.emit({ kind: 'answer', answer: given });
        resolve(given);
      });
    });
  };

  const perform = (act: Act): Promise<ActAnswer> => {
    const { seq, verdict } = input(alertKey(act.alert), act, { kind: 'act', act });
    if (verdict === null) throw new Error('the engine did not answer an act');
    const isDone = verdict.result === 'done';
    return answer({
      act: act.act === 'acknowledge' ? 'ack' : act.act,
      id: isDone ? verdict.alert.id : (act.id ?? options.presentId(act.alert)),
      by: act.by,
      result: verdict.result,
      reason: isDone ? null : verdict.reason,
      seq,
    });
  };

  const performCommand = (command: OutputCommand): Promise<ActAnswer> => {
    const { act, output, by } = command;
    const seq = journal.append('command', output, command);
    const reason = options.outputs.command(command, seq);
    const result = reason === null ? 'done' : 'refused';
    return answer({ act, id: output, by, result, reason, seq });
  };

  return {
    perform,
    performCommand,
    command(message, from) {
      const asked = readCommand(options.prefix(), message, from);
      switch (asked.kind) {
        case 'act':
          void perform(asked.act);
          return true;
        case 'output':
          void performCommand(asked.command);
          return true;
        case 'refused': {
          const { act, by, alert, reason } = asked;
          const id = asked.id ?? (alert === null ? null : options.presentId(alert));
          void answer({ act, id, by, result: 'refused', reason, seq: journal.nextSeq });
          return true;
        }
        case 'ignored':
          ignored.value++;
          return false;
        default:
          return asked satisfies never;
      }
    },
  };
}
