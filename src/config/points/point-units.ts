import type { PointEntry } from '../../domain/config.ts';
import type { PointPattern } from '../../domain/point.ts';
import { mergePointEntries, type PointSettings } from '../../domain/point-settings.ts';

/** Settings that certainly hold for a point of a rule. */
export interface KnownSettings {
  readonly label: string;
  readonly settings: Pick<PointSettings, 'unit' | 'valid'>;
}

/** Finds what is known of a pattern's points before any was heard. */
export type FindSettings = (pattern: PointPattern) => readonly KnownSettings[];

/**
 * Known are: the point that the pattern names, points named in `points:` that it matches, and an entry with the very
 * same pattern. Two different globs may overlap or not; nothing is said of them. Of points with equal settings one is
 * given.
 */
export function createFindSettings(entries: readonly PointEntry[]): FindSettings {
  // Merged once, not for each rule: a long list of points under a long list of rules would take minutes.
  const named = entries
    .filter((entry) => entry.pattern.exact)
    .map(({ pattern: { text } }) => ({ label: text, settings: settingsOf(entries, text) }));
  const globs = new Map(entries.map((entry) => [entry.pattern.text, entry]));
  return (pattern) => {
    if (pattern.exact)
      return [{ label: pattern.text, settings: settingsOf(entries, pattern.text) }];
    const known = new Map<string, KnownSettings>();
    for (const point of named) {
      if (!matchesText(pattern, point.label)) continue;
      const { unit, valid } = point.settings;
      const identity = JSON.stringify([unit, valid]);
      if (!known.has(identity)) known.set(identity, point);
    }
    const same = globs.get(pattern.text);
    const own = same === undefined ? [] : [{ label: pattern.text, settings: same }];
    return [...known.values(), ...own];
  };
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
