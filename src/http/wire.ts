import type { StatusReport, StreamLine } from '../domain/api.ts';
import type { OutputStatus } from '../domain/output.ts';

/** An output in JSON (contract 6, with its name). */
export interface OutputJson {
  readonly name: string;
  readonly state: OutputStatus['state'];
  readonly commanded: OutputStatus['commanded'];
  readonly owner: string | null;
  readonly reason: string;
  readonly since: number;
  readonly seq: number;
  /** What the reason rests on, in words. */
  readonly detail: string | null;
  readonly hold: {
    readonly level: OutputStatus['commanded'];
    readonly by: string;
    readonly comment: string | null;
    readonly until_at: number;
  } | null;
  readonly trip: { readonly why: string; readonly at: number } | null;
}

/** An alert in JSON: the keys of contract 6. */
export type AlertJson = Readonly<Record<string, unknown>>;

/** `GET /api/v1/status`. */
export type StatusJson = Omit<StatusReport, 'outputs'> & {
  readonly outputs: readonly OutputJson[];
};

/** One line of `GET /api/v1/watch`. */
export type WatchLine =
  | Exclude<StreamLine, { readonly kind: 'output' }>
  | { readonly kind: 'output'; readonly output: OutputJson };

export function statusJson(status: StatusReport): StatusJson {
  return { ...status, outputs: status.outputs.map(outputJson) };
}

export function watchLineJson(line: StreamLine): WatchLine {
  return line.kind === 'output' ? { kind: 'output', output: outputJson(line.output) } : line;
}

function outputJson(output: OutputStatus): OutputJson {
  const { name, state, commanded, owner, reason, sinceAt, seq, detail, hold, trip } = output;
  const until =
    hold === null
      ? null
      : { level: hold.level, by: hold.by, comment: hold.comment, until_at: hold.until };
  return { name, state, commanded, owner, reason, since: sinceAt, seq, detail, hold: until, trip };
}
