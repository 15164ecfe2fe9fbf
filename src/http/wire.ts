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
  return {
    name: output.name,
    state: output.state,
    commanded: output.commanded,
    owner: output.owner,
    reason: output.reason,
    since: output.sinceAt,
    seq: output.seq,
  };
}
