import type { StreamLine } from '../domain/api.ts';
import { messageOf } from '../domain/error.ts';
import { limits } from '../domain/limits.ts';
import type { Log } from '../host/log.ts';
import type { Metrics } from '../host/metrics.ts';

/** Takes one line; returns `false` if it cannot keep up and wants no more. */
export type StreamListener = (line: StreamLine) => boolean | void;

/** Live lines to whoever watches. */
export interface Stream {
  /** False: the hot path need not even build a line. */
  readonly hasListeners: boolean;
  /** Calls every listener at once, in the order they came; never throws. */
  emit(line: StreamLine): void;
  /**
   * Adds a listener. It is called in the engine's tick: it must only remember the line, and bound what it remembers.
   * One that throws, returns `false`, or is one too many is cut: `onCut` is called, once.
   */
  watch(listener: StreamListener, onCut?: () => void): { stop(): void };
}

interface Watcher {
  readonly listener: StreamListener;
  readonly onCut: () => void;
}

/** Creates a stream without listeners. */
export function createStream({ log, metrics }: { log: Log; metrics: Metrics }): Stream {
  const watchers = new Set<Watcher>();
  const cutTotal = metrics.counter(
    'limen_stream_cut_total',
    'Live streams cut because their reader could not keep up.',
  );
  metrics.gauge('limen_stream_listeners_count', 'Live streams being read.', () => watchers.size);

  const cut = (watcher: Watcher, reason: string): void => {
    watchers.delete(watcher);
    cutTotal.value += 1;
    log.warn('live stream cut', { reason });
    try {
      watcher.onCut();
    } catch (error) {
      log.error('live stream did not end cleanly', { error: messageOf(error) });
    }
  };

  return {
    get hasListeners() {
      return watchers.size > 0;
    },
    emit(line) {
      for (const watcher of watchers) {
        try {
          if (watcher.listener(line) === false) cut(watcher, 'reader too slow');
        } catch (error) {
          cut(watcher, messageOf(error));
        }
      }
    },
    watch(listener, onCut = () => {}) {
      const watcher = { listener, onCut };
      watchers.add(watcher);
      if (watchers.size > limits.streamListenersMax) cut(watcher, 'too many live streams');
      return { stop: () => void watchers.delete(watcher) };
    },
  };
}
