import type { Act } from '../domain/act.ts';
import type { Config } from '../domain/config.ts';
import type { EngineInput, LearnedInterval } from '../domain/engine.ts';
import type { JournalRow } from '../domain/journal.ts';
import type { Point, PointIndex } from '../domain/point.ts';
import type { FaultRule } from '../domain/rule.ts';
import type { EngineMs, LocalOffsets, UnsureStamps, WallMs } from '../domain/time.ts';

/** The kinds of rows that are inputs of the engine. */
export const inputKinds = [
  'started',
  'stopped',
  'config',
  'clock',
  'schedule',
  'source',
  'point',
  'learned',
  'fault',
  'act',
] as const;

/** What of a config the engine runs. */
export type RunConfig = Pick<Config, 'rules' | 'points' | 'ownRules'>;

/** The body of a row of kind `learned`. */
export interface LearnedRow {
  readonly point: PointIndex;
  readonly stale_after_ms: number | null;
  readonly via?: string | null;
}

/** The body of a row of kind `source`. */
interface SourceRow {
  readonly source: string;
  readonly connected: boolean;
  readonly bridge: boolean;
}

/** The body of a row of kind `fault`. */
interface FaultRow {
  readonly rule: FaultRule;
  readonly device: string;
  readonly is_there: boolean;
  readonly note: string;
}

/** The body of a row of kind `schedule`. */
export interface ScheduleRow {
  readonly open: boolean | null;
}

/** The body of a row of kind `clock`. */
export interface ClockRow {
  readonly wallOffsetMs: number;
  readonly creditMs: number;
  readonly unsureSinceMs?: EngineMs | null;
}

/** The body of a row of kind `started`. */
export interface StartedRow {
  readonly elapsed_ms: number | null;
  readonly down_ms: number | null;
  readonly stopped_at: WallMs | null;
  readonly wall_offset_ms: number;
  /** Rows of an earlier version do not say. */
  readonly local_offsets_ms?: LocalOffsets;
  readonly credit_ms?: number;
  readonly unsure?: UnsureStamps | null;
}

/** The input that a row of kind `started` was. */
export function startedInput(body: StartedRow): Extract<EngineInput, { kind: 'started' }> {
  return {
    kind: 'started',
    elapsedMs: body.elapsed_ms,
    downMs: body.down_ms,
    wallOffsetMs: body.wall_offset_ms,
    localOffsetsMs: body.local_offsets_ms ?? null,
    creditMs: body.credit_ms ?? 0,
    unsure: body.unsure ?? null,
  };
}

/**
 * The input that a stored row was; null: it was none. `parse` gives the config of a row
 * of kind `config`.
 */
export function storedInput(
  row: JournalRow,
  parse: (row: JournalRow) => RunConfig,
): EngineInput | null {
  // Bodies are rows that Limen wrote.
  switch (row.kind) {
    case 'config': {
      const { rules, points, ownRules } = parse(row);
      return { kind: 'config', rules, points, ownRules };
    }
    case 'point': {
      const { replaces, ...point } = row.body as Point & { readonly replaces?: Point };
      return replaces === undefined ? { kind: 'point', point } : { kind: 'point', point, replaces };
    }
    case 'started':
      return startedInput(row.body as StartedRow);
    case 'clock': {
      const { wallOffsetMs, creditMs, unsureSinceMs } = row.body as ClockRow;
      return { kind: 'clock', wallOffsetMs, creditMs, unsureSinceMs: unsureSinceMs ?? null };
    }
    case 'schedule':
      return { kind: 'schedule', key: row.key, isOpen: (row.body as ScheduleRow).open };
    case 'source': {
      const { source, connected, bridge } = row.body as SourceRow;
      return { kind: 'source', source, connected, bridge };
    }
    case 'learned':
      return { kind: 'learned', ...learnedOf(row.body as LearnedRow) };
    case 'fault': {
      const { rule, device, is_there: isThere, note } = row.body as FaultRow;
      return { kind: 'fault', rule, device, isThere, note };
    }
    case 'stopped':
      return { kind: 'stopped' };
    case 'act':
      return { kind: 'act', act: row.body as Act };
    default:
      return null;
  }
}

/** What a row of kind `learned` tells; an older version did not know what the readings come through. */
export function learnedOf({
  point,
  stale_after_ms: staleAfterMs,
  via,
}: LearnedRow): LearnedInterval {
  return { point, staleAfterMs, via: via ?? null };
}
