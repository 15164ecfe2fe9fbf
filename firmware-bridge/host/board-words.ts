import type { BoardMessage } from './board-message.ts';
import { protocol } from './protocol.ts';

/** A message of one kind, or of one of several. */
export type MessageOf<Kind extends BoardMessage['kind']> = Kind extends Kind
  ? Extract<BoardMessage, { kind: Kind }>
  : never;

export const leaseLost = 'its lease ran out';
export const unanswered = 'it does not answer';
export const speechless =
  'it says nothing that a board with the firmware of Limen would say: is that on it?';

const reasons: ReadonlyMap<string, string> = new Map([
  ['no_session', leaseLost],
  ['late', 'the command came too late'],
  ['busy', 'it is busy'],
  ['old', 'a newer command came before'],
  ['not_output', 'that pin is no output'],
  ['bad_pin', 'it has no such pin'],
  ['cannot', 'that pin cannot do this'],
  ['full', 'it has no counter left'],
  ['memory', 'its memory cannot be written'],
]);

/** The reason of a refusal, in words. */
export function inWords(reason: string): string {
  return reasons.get(reason) ?? reason;
}

/** Whether the board has lost the thread: then a greeting helps. */
export function isPassing(reason: string): boolean {
  return reason === 'no_session' || reason === 'old' || reason === 'busy';
}

/** What a board did that refused something. */
export function refusalOf(what: string, reason: string): string {
  return reason === 'no_session' ? leaseLost : `it refused ${what}: ${inWords(reason)}`;
}

/** `version`: the one that the board speaks; null: it did not say. */
export function versionProblem(version: number | null): string {
  const spoken = version === null ? 'another version' : `version ${version}`;
  return `its firmware speaks ${spoken} of the protocol, this Limen ${protocol.version}: flash the firmware of this Limen`;
}
