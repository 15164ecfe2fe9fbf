import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ReadingRecord, ReadingsQuery } from '../domain/api.ts';
import { LimenError, type ErrorCode } from '../domain/error.ts';
import type { HygieneReport, ReportRange } from '../domain/hygiene.ts';
import type { WhyReport } from '../domain/why.ts';
import type { WhyNotQuery, WhyNotReport } from '../domain/why-not.ts';
import type { Clock, Timer } from '../host/clock.ts';
import type { Log, LogFields } from '../host/log.ts';

/** Messages to the reader thread. */
export type ReaderRequest =
  | { readonly type: 'readings'; readonly call: number; readonly query: ReadingsQuery }
  | { readonly type: 'next'; readonly call: number }
  | { readonly type: 'stop'; readonly call: number }
  | { readonly type: 'count'; readonly call: number; readonly query: ReadingsQuery }
  | { readonly type: 'why'; readonly call: number; readonly wanted: string }
  | {
      readonly type: 'why_not';
      readonly call: number;
      readonly query: WhyNotQuery;
      readonly nowMs: number;
    }
  | { readonly type: 'report'; readonly call: number; readonly query: ReportRange };

/** Messages from the reader thread. */
export type ReaderReply =
  | { readonly type: 'batch'; readonly call: number; readonly batch: readonly unknown[] }
  | { readonly type: 'end'; readonly call: number }
  | { readonly type: 'count'; readonly call: number; readonly count: number }
  | { readonly type: 'warning'; readonly message: string; readonly fields: LogFields }
  | { readonly type: 'why'; readonly call: number; readonly why: WhyReport }
  | { readonly type: 'why_not'; readonly call: number; readonly whyNot: WhyNotReport }
  | { readonly type: 'report'; readonly call: number; readonly report: HygieneReport }
  | {
      readonly type: 'failed';
      readonly call: number;
      readonly message: string;
      /** Of a failure that whoever asked can do something about. */
      readonly code?: ErrorCode;
    };

/** Questions about the history, answered by a thread of their own. */
export interface Reader {
  readings(query: ReadingsQuery): AsyncIterable<readonly ReadingRecord[]>;
  countReadings(query: ReadingsQuery): Promise<number>;
  why(wanted: string): Promise<WhyReport>;
  whyNot(query: WhyNotQuery): Promise<WhyNotReport>;
  report(query: ReportRange): Promise<HygieneReport>;
  close(): Promise<void>;
}

/** A thread costs 12 to 17 MB: it ends when nobody has asked for this long. */
const idleMs = 30_000;

/** Creates the reader; its thread starts with the first question and ends when it has been idle. */
export function createReader(directory: string, clock: Clock, log: Pick<Log, 'warn'>): Reader {
  const waiting = new Map<number, (reply: ReaderReply) => void>();
  let worker: Worker | null = null;
  let idle: Timer | null = null;
  let lastCall = 0;
  let open = 0;

  const thread = (): Worker => {
    if (worker !== null) return worker;
    const file = new URL(`./reader${extname(import.meta.filename)}`, import.meta.url);
    const started = new Worker(file, { workerData: { directory } });
    started.on('message', (reply: ReaderReply) => {
      if (reply.type === 'warning') log.warn(reply.message, reply.fields);
      else waiting.get(reply.call)?.(reply);
    });
    started.on('error', (error) => {
      worker = null;
      for (const [call, tell] of waiting) tell({ type: 'failed', call, message: error.message });
    });
    worker = started;
    return started;
  };
  const begin = (): number => {
    idle?.cancel();
    open++;
    return ++lastCall;
  };
  const finish = (call: number): void => {
    waiting.delete(call);
    open--;
    // Without a thread there is nothing to end, and a timer would keep the process alive.
    if (open > 0 || worker === null) return;
    idle = clock.after(idleMs, () => {
      void worker?.terminate();
      worker = null;
    });
  };
  const ask = (request: ReaderRequest): Promise<ReaderReply> =>
    new Promise((resolve, reject) => {
      waiting.set(request.call, (reply) => {
        if (reply.type === 'failed') reject(failureOf(reply));
        else resolve(reply);
      });
      thread().postMessage(request);
    });

  /** One question, one answer. */
  const askOnce = async (question: (call: number) => ReaderRequest): Promise<ReaderReply> => {
    const call = begin();
    try {
      return await ask(question(call));
    } finally {
      finish(call);
    }
  };

  return {
    async *readings(query) {
      const call = begin();
      try {
        thread().postMessage({ type: 'readings', call, query } satisfies ReaderRequest);
        for (;;) {
          const reply = await ask({ type: 'next', call });
          if (reply.type !== 'batch') return;
          // our own thread's answer to this question
          yield reply.batch as readonly ReadingRecord[];
        }
      } finally {
        worker?.postMessage({ type: 'stop', call } satisfies ReaderRequest);
        finish(call);
      }
    },
    async countReadings(query) {
      const reply = await askOnce((call) => ({ type: 'count', call, query }));
      return reply.type === 'count' ? reply.count : 0;
    },
    async why(wanted) {
      const reply = await askOnce((call) => ({ type: 'why', call, wanted }));
      if (reply.type !== 'why') throw new Error(`the reader answered ${reply.type}`);
      return reply.why;
    },
    async whyNot(query) {
      const nowMs = clock.wallMs();
      const reply = await askOnce((call) => ({ type: 'why_not', call, query, nowMs }));
      if (reply.type !== 'why_not') throw new Error(`the reader answered ${reply.type}`);
      return reply.whyNot;
    },
    async report(query) {
      const reply = await askOnce((call) => ({ type: 'report', call, query }));
      if (reply.type !== 'report') throw new Error(`the reader answered ${reply.type}`);
      return reply.report;
    },
    async close() {
      idle?.cancel();
      await worker?.terminate();
      worker = null;
      for (const [call, tell] of waiting) tell({ type: 'failed', call, message: 'Limen stops' });
    },
  };
}

function failureOf({ code, message }: Extract<ReaderReply, { type: 'failed' }>): LimenError {
  return code === undefined
    ? new LimenError('unavailable', `Cannot read the history: ${message}`)
    : new LimenError(code, message);
}
