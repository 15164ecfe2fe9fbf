import type { Act } from '../domain/act.ts';
import { parseCommandTopic } from '../domain/topic.ts';

/** What a message on one of Limen's own topics asks for. */
export type Command =
  | { readonly kind: 'act'; readonly act: Act }
  /** It is refused and answered. */
  | {
      readonly kind: 'refused';
      readonly act: string;
      readonly id: string | null;
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
  const body = readBody(message.payload);
  const by = text(body, 'by') ?? from;
  const id = idOf(body);
  const act = target.verb;
  const refused = (reason: string): Command => ({ kind: 'refused', act, id, by, reason });
  if (message.retain)
    return refused(
      'a retained act would be repeated at every connect: send it without the retain flag',
    );
  if (body === null) return refused('the payload is not a JSON object');
  const wrong = wrongKey(body);
  if (wrong !== null) return refused(wrong);
  if (target.kind === 'output' || (target.verb !== 'ack' && target.verb !== 'reset'))
    return refused('not in this version');
  return {
    kind: 'act',
    act: {
      act: target.verb === 'ack' ? 'acknowledge' : 'reset',
      alert: target.key,
      id,
      by,
      comment: text(body, 'comment'),
    },
  };
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
