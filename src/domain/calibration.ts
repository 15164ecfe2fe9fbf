import type { WallMs } from './time.ts';

/** How the readings of a point are corrected from a moment on: number × scale + offset, in the unit of the point. */
export interface Calibration {
  /** First source time it holds for; null: from the beginning. */
  readonly fromMs: WallMs | null;
  readonly scale: number;
  readonly offset: number;
}

/** A calibration as it is kept with what was corrected by it. Keys are those of the JSON. */
export interface AppliedCalibration {
  readonly from_at: number | null;
  readonly scale: number;
  readonly offset: number;
}

/** The calibration in force at a time; null: none is. `calibrations`: in the order of time. */
export function calibrationAt(
  calibrations: readonly Calibration[],
  atMs: WallMs,
): Calibration | null {
  return calibrations.findLast(({ fromMs }) => fromMs === null || fromMs <= atMs) ?? null;
}

/** A number in the unit of the point, corrected. */
export function calibrate({ scale, offset }: Calibration, value: number): number {
  return value * scale + offset;
}
