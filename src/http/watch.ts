import type { ServerResponse } from 'node:http';
import type { LimenApi, StreamLine } from '../domain/api.ts';
import { limits } from '../domain/limits.ts';
import { encodeLines, ndjsonResponse } from './ndjson.ts';
import { watchLineJson } from './wire.ts';

// Lines encoded at a time: large enough to be cheap, small enough for the socket to push back in between.
const chunkLinesMax = 256;

export interface WatchOptions {
  readonly api: LimenApi;
  readonly outgoing: ServerResponse;
  /** Leave the readings out. */
  readonly alertsOnly: boolean;
  /** Ends each live stream in good order; the listener calls them when it closes. */
  readonly endings: Set<() => void>;
}

/**
 * Streams live lines until the client leaves or the listener closes. Lines wait in a bounded queue while the socket is
 * full; a client that lets it overflow is cut: it shall know that it missed lines.
 */
export function streamWatch({ api, outgoing, alertsOnly, endings }: WatchOptions): Response {
  let waiting: StreamLine[] = [];
  let ended = false;
  let wake: (() => void) | null = null;

  const wakeUp = (): void => {
    wake?.();
    wake = null;
  };
  let subscription: { stop(): void } | null = null;
  const end = (): void => {
    if (ended) return;
    ended = true;
    endings.delete(end);
    subscription?.stop();
    wakeUp();
  };
  const cut = (): void => {
    end();
    outgoing.destroy();
  };
  endings.add(end);
  // The generator may be waiting for a line when the client goes away: only this event ends it then.
  outgoing.once('close', end);
  // Called in the engine's tick: only remembers the line, the encoding is done when the socket asks for it.
  subscription = api.watch((line) => {
    if (ended || (alertsOnly && line.kind === 'reading')) return true;
    if (waiting.length >= limits.streamLinesMax) {
      cut();
      return false;
    }
    waiting.push(line);
    wakeUp();
    return true;
  }, cut);

  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (waiting.length > 0) {
        const lines = waiting.slice(0, chunkLinesMax);
        waiting = waiting.slice(chunkLinesMax);
        yield encodeLines(lines.map(watchLineJson));
      }
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return ndjsonResponse(chunks());
}
