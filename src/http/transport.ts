import { request, type IncomingMessage } from 'node:http';
import { LimenError, messageOf } from '../domain/error.ts';
import { problemCode } from './problem.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with the query. */
  readonly path: string;
  readonly body?: unknown;
  /** Longest silence before the answer begins; streams and scans take their time and have none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * One request over the unix socket. Resolves with the response of a success; problem details are thrown as the
 * `LimenError` they were made from, a lost connection as `unavailable`.
 */
export async function exchange(socketPath: string, options: Exchange): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const body = options.body === undefined ? null : JSON.stringify(options.body);
  const outgoing = request({
    socketPath,
    method: options.method,
    path: `/api/v1/${options.path}`,
    // One request, one connection: a command asks once or twice and must not wait for an idle socket to end.
    agent: false,
    headers: {
      host: 'localhost',
      accept: 'application/json, application/x-ndjson',
      ...(body === null
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  outgoing.once('timeout', () => {
    const waitedS = Math.round((options.timeoutMs ?? 0) / 1000);
    outgoing.destroy(
      new LimenError('unavailable', `Limen did not answer within ${waitedS} s; see its log`),
    );
  });
  outgoing.once('response', resolve);
  outgoing.on('error', (error) => reject(lostConnection(error)));
  outgoing.end(body);
  const response = await promise;
  if ((response.statusCode ?? 500) >= 400) throw await readProblem(response);
  return response;
}

/** The whole body as JSON; T is what the route promises. */
export async function readJson<T>(response: IncomingMessage): Promise<T> {
  const text = await readText(response);
  try {
    const body: unknown = JSON.parse(text);
    return body as T;
  } catch (cause) {
    throw new LimenError('internal', 'Limen answered with something that is not JSON', { cause });
  }
}

/** The lines of an NDJSON body, in batches as they arrive; T is what the route promises. */
export async function* readLines<T>(response: IncomingMessage): AsyncGenerator<readonly T[]> {
  let rest = '';
  try {
    response.setEncoding('utf8');
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) yield lines.map(parseLine<T>);
    }
  } catch (error) {
    throw lostConnection(error);
  }
}

function parseLine<T>(line: string): T {
  const value: unknown = JSON.parse(line);
  return value as T;
}

async function readText(response: IncomingMessage): Promise<string> {
  try {
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response as AsyncIterable<string>) text += chunk;
    return text;
  } catch (error) {
    throw lostConnection(error);
  }
}

async function readProblem(response: IncomingMessage): Promise<LimenError> {
  const body = await readJson<{ readonly code?: unknown; readonly detail?: unknown } | null>(
    response,
  );
  const code = problemCode(body?.code) ?? 'internal';
  return new LimenError(
    code,
    typeof body?.detail === 'string' ? body.detail : `HTTP ${response.statusCode}`,
  );
}

function lostConnection(cause: unknown): LimenError {
  if (cause instanceof LimenError) return cause;
  const advice = 'Limen stopped, or the reader was too slow';
  return new LimenError(
    'unavailable',
    `The connection to Limen was lost (${messageOf(cause)}): ${advice}`,
    { cause },
  );
}
