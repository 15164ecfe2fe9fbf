import type { PointEntry } from '../domain/config.ts';
import type { PointPattern } from '../domain/point.ts';
import { mergePointEntries, type PointSettings } from '../domain/point-settings.ts';

/** Settings that certainly hold for a point of a rule. */
export interface KnownSettings {
  readonly label: string;
  readonly settings: PointSettings;
}

/**
 * What is known of a pattern's points before any was heard: of the point it names, of points named in `points:` that
 * it matches, and of an entry with the very same pattern. Two different globs may overlap or not; nothing is said.
 */
export function findSettings(
  pattern: PointPattern,
  entries: readonly PointEntry[],
): readonly KnownSettings[] {
  const named = pattern.exact
    ? [pattern.text]
    : entries
        .filter((entry) => entry.pattern.exact && matchesText(pattern, entry.pattern.text))
        .map((entry) => entry.pattern.text);
  const known = named.map((label) => ({ label, settings: settingsOf(entries, label) }));
  const same = entries.find((entry) => !pattern.exact && entry.pattern.text === pattern.text);
  if (same === undefined) return known;
  const { unit, valid, expectEveryMs } = same;
  return [...known, { label: pattern.text, settings: { unit, valid, expectEveryMs } }];
}

/** Whether a pattern matches a point written as `device/metric`. */
export function matchesText(pattern: PointPattern, point: string): boolean {
  const { device, metric } = splitPoint(point);
  return pattern.matches(device, metric);
}

/** The parts of `device/metric`; the device may contain slashes. */
export function splitPoint(point: string): { readonly device: string; readonly metric: string } {
  const slash = point.lastIndexOf('/');
  return { device: point.slice(0, Math.max(0, slash)), metric: point.slice(slash + 1) };
}

function settingsOf(entries: readonly PointEntry[], point: string): PointSettings {
  const { device, metric } = splitPoint(point);
  return mergePointEntries(entries, device, metric);
}
