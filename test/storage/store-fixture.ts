import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PointMemory } from '../../src/domain/engine.ts';
import { groupBytes, groupColumns, type Group } from '../../src/domain/group.ts';
import type { RowKind } from '../../src/domain/journal.ts';
import type { Point, PointIndex, ValueKind } from '../../src/domain/point.ts';
import type { ClockStamp, EngineMs, WallMs } from '../../src/domain/time.ts';
import type { StoreSurroundings } from '../../src/storage/store.ts';

export const noon = Date.UTC(2026, 10, 23, 12);
export const dayLength = 86_400_000;

/** The surroundings of a store on whose disk nothing is wrong. */
export const quiet: StoreSurroundings = {
  wallMs: () => noon,
  problem: ({ message, fields }) => {
    throw new Error(`${message} ${JSON.stringify(fields)}`);
  },
};

/** A folder that is removed with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'limen-storage-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

export interface GroupReading {
  readonly seq: number;
  readonly point: number;
  readonly value: number;
  readonly atMs?: number;
  readonly engineMs?: number;
  readonly quality?: number;
  readonly raw?: number;
}

/** What a group is made of; the stamp takes the number after the last row. */
export interface GroupParts {
  readonly id?: number;
  readonly readings?: readonly GroupReading[];
  readonly entries?: readonly {
    readonly seq: number;
    readonly kind: RowKind;
    readonly key: string;
    readonly body: unknown;
  }[];
  readonly memories?: readonly PointMemory[];
  readonly wallMs?: number;
  readonly stamp?: Partial<ClockStamp>;
  readonly stampSeq?: number;
  readonly reservedSeq?: number;
}

/** A group as the journal makes it. */
export function groupOf(parts: GroupParts): Group {
  const { readings = [], entries = [], memories = [], wallMs = noon } = parts;
  const capacity = Math.max(readings.length, 1);
  const columns = groupColumns(new ArrayBuffer(groupBytes(capacity)), capacity);
  for (const [row, reading] of readings.entries()) {
    const atMs = reading.atMs ?? wallMs;
    columns.seq[row] = reading.seq;
    columns.atMs[row] = atMs;
    columns.lagMs[row] = atMs - (reading.engineMs ?? wallMs);
    columns.value[row] = reading.value;
    columns.raw[row] = reading.raw ?? NaN;
    columns.point[row] = reading.point;
    columns.quality[row] = reading.quality ?? 0;
  }
  const last = Math.max(0, ...readings.map(({ seq }) => seq), ...entries.map(({ seq }) => seq));
  const stampSeq = parts.stampSeq ?? last + 1;
  return {
    id: parts.id ?? 1,
    dayMs: Math.floor(wallMs / dayLength) * dayLength,
    buffer: columns.buffer,
    capacity,
    count: readings.length,
    entries: entries.map(({ seq, kind, key, body }) => ({
      seq,
      atMs: wallMs,
      lagMs: 0,
      kind,
      key,
      body: JSON.stringify(body),
    })),
    points: memories,
    stampSeq,
    stamp: {
      bootId: 'boot',
      monotonicMs: 1_000,
      wallMs: wallMs as WallMs,
      trusted: true,
      engineMs: wallMs as EngineMs,
      ...parts.stamp,
    },
    reservedSeq: parts.reservedSeq ?? stampSeq + 1_000,
  };
}

/** A point of device `d`. */
export function pointOf(
  index: number,
  metric: string,
  kind: ValueKind = 'number',
  states: readonly string[] = [],
  unit: string | null = null,
): Point {
  return { index: index as PointIndex, device: 'd', metric, unit, kind, states };
}

/** The row that declares a point. */
export function declares(seq: number, point: Point): NonNullable<GroupParts['entries']>[number] {
  return { seq, kind: 'point', key: `${point.device}/${point.metric}`, body: point };
}

/** What is remembered of a point. */
export function memoryOf(
  index: number,
  fields: Partial<Record<Exclude<keyof PointMemory, 'index'>, number | null>> = {},
): PointMemory {
  const memory = {
    index: index as PointIndex,
    value: null,
    quality: 0,
    seq: null,
    heardAt: null,
    atMs: null,
    badSince: null,
    ...fields,
  };
  return memory as PointMemory;
}
