import type { Config } from '../domain/config.ts';
import type { Engine } from '../domain/engine.ts';
import { outputConditions } from '../domain/output.ts';
import type { RecentReadings } from '../domain/store.ts';
import type { DurationMs } from '../domain/time.ts';
import type { EngineTime } from './engine-time.ts';
import { gather } from './gather.ts';
import type { Entered, Inlet } from './inlet.ts';
import type { Schedules } from './schedules.ts';

/** A config enters the engine. Its whole text goes with it: a replay finds the rules as they were. */
export function enterConfig(
  input: Inlet['input'],
  { hash, text, rules, points, ownRules, outputs }: Config,
): Entered {
  const watched = outputConditions(outputs);
  return input('config', { hash, text }, { kind: 'config', rules, points, ownRules, watched });
}

/** What a start consists of. */
export interface StartParts {
  readonly inlet: Inlet;
  readonly engine: Engine;
  readonly time: EngineTime;
  readonly schedules: Schedules;
  readonly config: Config;
  /** What the windows begin with; null: nothing. */
  readonly recent: RecentReadings | null;
  readonly version: string;
  readonly bootId: string;
  /** How far the clock on the wall is ahead of UTC at a wall time. */
  localOffsetMs(atMs: number): DurationMs;
  /** Takes the config over where readings enter. */
  configure(): void;
}

/** The first inputs of a run, in their one order: what the engine knows before it is told that Limen started. */
export function enterStart(parts: StartParts): void {
  const { inlet, engine, time, schedules, config } = parts;
  const { input, points } = inlet;
  const { seq, at } = enterConfig(input, config);
  parts.configure();
  for (const point of points.all()) engine.accept(seq, at, { kind: 'point', point });
  if (parts.recent !== null) gather(engine, parts.recent);
  schedules.configure(config.rules);
  const { elapsedMs, downMs, stoppedAt, wallOffsetMs, creditMs, unsure } = time;
  const localOffsetsMs = {
    stopped: parts.localOffsetMs(at + wallOffsetMs - (downMs ?? 0)),
    started: parts.localOffsetMs(at + wallOffsetMs),
  };
  const row = {
    version: parts.version,
    boot_id: parts.bootId,
    elapsed_ms: elapsedMs,
    down_ms: downMs,
    stopped_at: stoppedAt,
    wall_offset_ms: wallOffsetMs,
    local_offsets_ms: localOffsetsMs,
    trusted: time.trusted,
    credit_ms: creditMs,
    unsure,
    lastTrusted: time.lastTrusted,
  };
  const given = { elapsedMs, downMs, wallOffsetMs, localOffsetsMs, creditMs, unsure };
  input('limen', row, { kind: 'started', ...given });
}
