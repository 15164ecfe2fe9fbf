import { httpStatuses, LimenError, type ErrorCode } from '../domain/error.ts';
import type { Log } from '../host/log.ts';

/** RFC 9457 problem details, with Limen's error code as an extension member. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** What went wrong and what to do, for a person. */
  readonly detail: string;
  readonly code: ErrorCode;
}

export const problemType = 'application/problem+json';

const titles: Readonly<Record<ErrorCode, string>> = {
  invalid: 'Bad request',
  not_found: 'Not found',
  conflict: 'Conflict',
  unavailable: 'Unavailable',
  internal: 'Internal error',
};

/** The response for a failed request. Only a `LimenError` is told outside; anything else is logged and kept inside. */
export function problemResponse(error: unknown, log: Log): Response {
  if (error instanceof LimenError) return respond(error.code, error.message);
  log.error('request failed', { error: error instanceof Error ? error.stack : String(error) });
  return respond('internal', 'Limen failed inside; its log says why');
}

function respond(code: ErrorCode, detail: string): Response {
  const problem: Problem = {
    type: 'about:blank',
    title: titles[code],
    status: httpStatuses[code],
    detail,
    code,
  };
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': problemType, 'cache-control': 'no-store' },
  });
}

/** The error code named by a body that came from outside; null if it is not one. */
export function problemCode(value: unknown): ErrorCode | null {
  return typeof value === 'string' && Object.hasOwn(titles, value) ? (value as ErrorCode) : null;
}
