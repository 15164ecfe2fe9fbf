import type { Calibration } from './calibration.ts';
import type { PointEntry } from './config.ts';
import type { Quantity } from './rule.ts';
import type { DurationMs } from './time.ts';

/** What the config says about one point, once all entries that match it are merged. */
export interface PointSettings {
  readonly unit: string | null;
  readonly valid: readonly [Quantity, Quantity] | null;
  readonly expectEveryMs: DurationMs | null;
  /** Name of the gateway it comes through; null: not said. */
  readonly via: string | null;
  /** In the order of time; empty: nothing is corrected. */
  readonly calibrations: readonly Calibration[];
}

/** Merges the entries that match a point in file order; a later key wins, an absent key changes nothing. */
export function mergePointEntries(
  entries: readonly PointEntry[],
  device: string,
  metric: string,
): PointSettings {
  let unit: string | null = null;
  let valid: readonly [Quantity, Quantity] | null = null;
  let expectEveryMs: DurationMs | null = null;
  let via: string | null = null;
  let calibrations: readonly Calibration[] = [];
  for (const entry of entries) {
    if (!entry.pattern.matches(device, metric)) continue;
    unit = entry.unit ?? unit;
    valid = entry.valid ?? valid;
    expectEveryMs = entry.expectEveryMs ?? expectEveryMs;
    via = entry.via ?? via;
    calibrations = entry.calibrations ?? calibrations;
  }
  return { unit, valid, expectEveryMs, via, calibrations };
}
