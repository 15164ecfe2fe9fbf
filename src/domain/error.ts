/** What went wrong, for whoever asked: decides the exit code of the CLI and the HTTP status. */
export type ErrorCode = 'invalid' | 'not_found' | 'conflict' | 'unavailable' | 'internal';

/** The CLI's exit code for each error code. */
export const exitCodes: Readonly<Record<ErrorCode, number>> = {
  invalid: 2,
  not_found: 1,
  conflict: 1,
  unavailable: 1,
  internal: 1,
};

/** The HTTP status for each error code (RFC 9457 problem details carry it). */
export const httpStatuses: Readonly<Record<ErrorCode, 400 | 404 | 409 | 503 | 500>> = {
  invalid: 400,
  not_found: 404,
  conflict: 409,
  unavailable: 503,
  internal: 500,
};

/**
 * An operating failure that a person can do something about. Anything else that is thrown is `internal`:
 * logged in full, shown as "internal".
 */
export class LimenError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LimenError';
    this.code = code;
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
