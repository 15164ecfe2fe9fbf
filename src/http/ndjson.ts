import type { ServerResponse } from 'node:http';
import { messageOf } from '../domain/error.ts';
import type { Log } from '../host/log.ts';

export const ndjsonType = 'application/x-ndjson';

/**
 * Streams batches as NDJSON. The next batch is asked for when the socket has taken the last one. A failure before the
 * first line is thrown and becomes problem details; a later one cuts the connection, so that nobody takes half an
 * answer for a whole one.
 */
export async function streamBatches(
  batches: AsyncIterable<readonly unknown[]>,
  outgoing: ServerResponse,
  log: Log,
): Promise<Response> {
  const iterator = batches[Symbol.asyncIterator]();
  // A HEAD request or an early end leaves the stream unread: what the batches hold open is let go all the same.
  outgoing.once('close', () => void iterator.return?.().catch(() => undefined));
  const first = await iterator.next();
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    let next = first;
    try {
      while (next.done !== true) {
        if (next.value.length > 0) yield encodeLines(next.value);
        next = await iterator.next();
      }
    } catch (error) {
      log.error('stream cut', { error: messageOf(error) });
      outgoing.destroy();
    } finally {
      await iterator.return?.();
    }
  };
  return ndjsonResponse(chunks());
}

/** A response of NDJSON chunks; cancelled when the client goes away. */
export function ndjsonResponse(chunks: AsyncIterable<Uint8Array>): Response {
  return new Response(ReadableStream.from(chunks), {
    headers: { 'content-type': ndjsonType, 'cache-control': 'no-store' },
  });
}

/** One line of JSON per item, each ended by a line feed. */
export function encodeLines(items: readonly unknown[]): Uint8Array {
  let text = '';
  for (const item of items) text += `${JSON.stringify(item)}\n`;
  return Buffer.from(text);
}
