import { readShelving, type Act, type Ask } from '../domain/act.ts';
import type { AlertKey } from '../domain/alert.ts';
import { readSetting, type OutputAsk, type OutputCommand } from '../domain/output.ts';
import { parseCommandTopic, type AlertVerb, type OutputVerb } from '../domain/topic.ts';

/** What a message on one of Limen's own topics asks for. */
export type Command =
  | { readonly kind: 'act'; readonly act: Act }
  | { readonly kind: 'output'; readonly command: OutputCommand }
  /** It is refused and answered. */
  | {
      readonly kind: 'refused';
      readonly act: string;
      readonly id: string | null;
      /** null: it is about an output. */
      readonly alert: AlertKey | null;
      readonly by: string;
      readonly reason: string;
    }
  /** Not a command at all: somebody writes where only Limen writes. */
  | { readonly kind: 'ignored' };

/** Reads a command (contract 6). `from` signs an act that names nobody. */
export function readCommand(
  prefix: string,
  message: { readonly topic: string; readonly payload: Buffer; readonly retain: boolean },
  from: string,
): Command {
  const target = parseCommandTopic(prefix, message.topic);
  if (target === null) return { kind: 'ignored' };
  // A retained command that is cleared says nothing; brokers deliver the clearing too.
  if (message.retain && message.payload.length === 0) return { kind: 'ignored' };
  const isOutput = target.kind === 'output';
  const isSetting = isOutput && target.verb === 'set';
  const body = (isSetting ? readWord(message.payload) : null) ?? readBody(message.payload);
  const by = text(body, 'by') ?? from;
  const id = isOutput ? target.output : idOf(body);
  const act = target.verb;
  const alert = isOutput ? null : target.key;
  const refused = (reason: string): Command => ({ kind: 'refused', act, id, alert, by, reason });
  if (message.retain)
    return refused(
      'a retained act would be repeated at every connect: send it without the retain flag',
    );
  const allowed = isSetting ? 'neither on, off or auto nor' : 'not';
  if (body === null) return refused(`the payload is ${allowed} a JSON object`);
  const wrong = wrongKey(body);
  if (wrong !== null) return refused(wrong);
  if (isOutput) {
    const unknown = Object.keys(body).find((key) => !outputKeys.includes(key));
    if (unknown !== undefined) return refused(`"${unknown}" is none of ${outputKeys.join(', ')}`);
    const asked = readOutputAsk(target.verb, body);
    if (typeof asked === 'string') return refused(asked);
    const { at = null, seq = null } = body;
    if (at !== null && !isCount(at)) return refused('"at" must be milliseconds since 1970');
    if (seq !== null && !isCount(seq)) return refused('"seq" must be a whole number');
    const comment = text(body, 'comment');
    const { output } = target;
    return { kind: 'output', command: { ...asked, output, by, comment, sentAt: at, order: seq } };
  }
  const ask = readAsk(target.verb, body);
  if (typeof ask === 'string') return refused(ask);
  return {
    kind: 'act',
    act: { ...ask, alert: target.key, id, by, comment: text(body, 'comment') },
  };
}

/** What is to be done; a text says what is wrong with it. */
function readAsk(verb: AlertVerb, body: Record<string, unknown>): Ask | string {
  switch (verb) {
    case 'ack':
      return { act: 'acknowledge' };
    case 'reset':
    case 'unshelve':
      return { act: verb };
    case 'shelve': {
      const { for: time = null, one_shot: oneShot = null } = body;
      if (time !== null && typeof time !== 'string') return '"for" must be a text such as "2h"';
      if (oneShot !== null && typeof oneShot !== 'boolean')
        return '"one_shot" must be true or false';
      return readShelving({ for: time, oneShot: oneShot ?? false });
    }
    case 'service':
      return typeof body['in'] === 'boolean'
        ? { act: 'service', in: body['in'] }
        : '"in" must be true (in service) or false (out of service)';
  }
}

const outputKeys: readonly string[] = ['value', 'by', 'comment', 'hold_for', 'at', 'seq'];

function readOutputAsk(verb: OutputVerb, body: Record<string, unknown>): OutputAsk | string {
  if (verb === 'reset') return { act: 'reset' };
  const { value = null, hold_for: holdFor = null } = body;
  if (holdFor !== null && typeof holdFor !== 'string')
    return '"hold_for" must be a text such as "2h"';
  return readSetting({ value: typeof value === 'string' ? value.toLowerCase() : null, holdFor });
}

/** The value alone, as a switch sends it; null: it is none. */
function readWord(payload: Buffer): Record<string, unknown> | null {
  const word = payload.length > 8 ? '' : payload.toString('utf8').trim().toLowerCase();
  return ['on', 'off', 'auto'].includes(word) ? { value: word } : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** An empty payload is an empty object: a button can send it. */
function readBody(payload: Buffer): Record<string, unknown> | null {
  if (payload.length === 0) return {};
  try {
    const json: unknown = JSON.parse(payload.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : null;
  } catch {
    return null;
  }
}

// A key that is there and not understood must not count as absent: an act without an id takes whichever occurrence is
// present.
function wrongKey(body: Record<string, unknown>): string | null {
  if ((body['id'] ?? null) !== null && idOf(body) === null)
    return '"id" must be the id of an occurrence, as a text';
  for (const key of ['by', 'comment']) {
    const value = body[key] ?? null;
    if (value !== null && typeof value !== 'string') return `"${key}" must be a text`;
  }
  return null;
}

/** Whole, however long: a part of an id could be the id of another occurrence. */
function idOf(body: Record<string, unknown> | null): string | null {
  const id = body?.['id'];
  return typeof id === 'string' && id !== '' ? id : null;
}

const textCharsMax = 500;

function text(body: Record<string, unknown> | null, key: 'by' | 'comment'): string | null {
  const value = body?.[key];
  return typeof value === 'string' && value !== '' ? value.slice(0, textCharsMax) : null;
}
