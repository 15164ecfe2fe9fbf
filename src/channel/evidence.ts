import type { AppliedCalibration } from '../domain/calibration.ts';

/** The payload behind a reading, up to 1 KiB: kept with an alert that changes by it. */
export interface Evidence {
  readonly topic: string;
  /** The payload as text; null if it is not UTF-8. */
  readonly text: string | null;
  /** The payload in base64 if it is not text. */
  readonly base64: string | null;
  /** What the number was corrected by; null: nothing. */
  readonly calibration: AppliedCalibration | null;
}
