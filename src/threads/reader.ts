import { parentPort, workerData } from 'node:worker_threads';
import type { ReaderReply, ReaderRequest } from './start-reader.ts';
import { report, why } from '../app-history.ts';
import { LimenError, messageOf } from '../domain/error.ts';
import type { Log } from '../host/log.ts';
import { openQueries } from '../storage/queries.ts';

// The reader thread: long questions about the history, so that nobody's query holds up an alert.

if (parentPort === null) throw new Error('the reader thread is started by app.ts');
const port = parentPort;
const reply = (message: ReaderReply): void => port.postMessage(message);
// written by start-reader.ts a moment ago
const { directory } = workerData as { directory: string };

// Told once: a chart asks every few seconds.
const told = new Set<string>();
const warn: Log['warn'] = (message, fields = {}) => {
  const path = String(fields['path']);
  if (told.has(path)) return;
  told.add(path);
  reply({ type: 'warning', message, fields });
};

/** Iterators of the calls under way; each batch is asked for, so a slow client costs no memory. */
const running = new Map<number, Iterator<readonly unknown[]>>();

port.on('message', (request: ReaderRequest) => {
  try {
    answer(request);
  } catch (error) {
    fail(request, error);
  }
});

function fail({ call }: ReaderRequest, error: unknown): void {
  running.delete(call);
  const code = error instanceof LimenError ? { code: error.code } : {};
  reply({ type: 'failed', call, message: messageOf(error), ...code });
}

function answer(request: ReaderRequest): void {
  switch (request.type) {
    case 'readings': {
      const queries = openQueries(directory, warn);
      if (queries === null) reply({ type: 'end', call: request.call });
      else
        running.set(
          request.call,
          closing(queries.readings(request.query), () => queries.close()),
        );
      break;
    }
    case 'next': {
      const next = running.get(request.call)?.next();
      if (next === undefined || next.done === true) {
        running.delete(request.call);
        reply({ type: 'end', call: request.call });
      } else {
        reply({ type: 'batch', call: request.call, batch: next.value });
      }
      break;
    }
    case 'stop':
      running.get(request.call)?.return?.();
      running.delete(request.call);
      break;
    case 'count': {
      const queries = openQueries(directory, warn);
      const count = queries?.countReadings(request.query) ?? 0;
      queries?.close();
      reply({ type: 'count', call: request.call, count });
      break;
    }
    case 'why':
      reply({ type: 'why', call: request.call, why: why(directory, request.wanted, warn) });
      break;
    case 'why_not':
      void answerWhyNot(request);
      break;
    case 'report':
      reply({ type: 'report', call: request.call, report: report(directory, request.query, warn) });
      break;
    default:
      request satisfies never;
  }
}

// The engine and what reads a config are seldom needed here, and not small.
async function answerWhyNot(
  request: Extract<ReaderRequest, { readonly type: 'why_not' }>,
): Promise<void> {
  const { call, query, nowMs } = request;
  try {
    const { whyNot } = await import('../app-why-not.ts');
    const now = { nowMs, isRunning: true };
    reply({ type: 'why_not', call, whyNot: whyNot(directory, query, now, warn) });
  } catch (error) {
    fail(request, error);
  }
}

function* closing<T>(iterable: Iterable<T>, close: () => void): Generator<T> {
  try {
    yield* iterable;
  } finally {
    close();
  }
}
