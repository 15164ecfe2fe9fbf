import { globSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * What is wrong with the stored readings of counting devices: each must have 1, 2, 3... in order, up to at least the
 * number it was acknowledged. Reads the files themselves: there may be millions of rows.
 */
export function countedProblems(
  data: string,
  acknowledged: ReadonlyMap<string, number>,
): readonly string[] {
  const problems: string[] = [];
  const last = new Map<string, number>();
  for (const file of globSync(join(data, 'history/*.db')).toSorted()) {
    const db = new Database(file, { readonly: true });
    const rows = db.prepare<[], { device: string; value: number }>(
      `SELECT device, value FROM readings WHERE metric = 'count' ORDER BY seq`,
    );
    for (const { device, value } of rows.iterate()) {
      const before = last.get(device) ?? 0;
      if (value !== before + 1) problems.push(`${device}: ${value} after ${before}`);
      last.set(device, value);
    }
    db.close();
  }
  for (const [device, count] of acknowledged) {
    const stored = last.get(device) ?? 0;
    if (stored < count) problems.push(`${device}: ${count} acknowledged, ${stored} stored`);
  }
  return problems.slice(0, 20);
}
