import type { RowWriter } from '../../domain/journal.ts';
import type { Instruction, OutputLevel, OutputLink, OutputStatus } from '../../domain/output.ts';
import type { EngineMs, WallMs } from '../../domain/time.ts';
import type { Clock } from '../../host/clock.ts';
import type { Log } from '../../host/log.ts';
import type { Metrics } from '../../host/metrics.ts';
import type { FaultPoint } from '../fault-point.ts';
import type { Interlock } from './arbiter.ts';
import type { OutputPlace } from './output-memory.ts';

/** The link to a broker or a board; none: the config has no such broker. */
export type LinkState = 'up' | 'down' | 'none';

/** What an output needs of its surroundings. */
export interface OutputSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly journal: RowWriter;
  /** Engine time now: `max_on`, holds and the shortest times count in it. */
  engineMs(): EngineMs;
  /** Wall time now, for showing. */
  wallMs(): WallMs;
  linkOf(link: OutputLink): LinkState;
  /** Hands an instruction on; a link that is down drops it, never keeps it. */
  send(instruction: Instruction, level: OutputLevel, output: string): void;
  publishStatus(status: OutputStatus): void;
  readonly faultPoint: FaultPoint;
}

/** What an output needs of the other outputs. */
export interface OutputNeighbours {
  /** Former places of it that wait for their link. */
  placesLeft(): readonly OutputPlace[];
  /** Whether its `only_while` or another output forbids it. */
  interlock(): Interlock;
  /** Whether it may be energised has changed: it may forbid others. */
  changed(): void;
  /** It does not do what it is told, or is tripped, in words; null: neither. */
  failing(why: string | null): void;
}
