/**
 * Fills a data folder with a long history, through the Store that Limen itself writes with, in large groups:
 *
 *   node scripts/seed-history.ts --directory /tmp/seeded/data --readings 10000000 --points 20 --days 10
 *
 * The values swing over the day, with noise and now and then an excursion; the same arguments give the same history. Its
 * config is `--config FILE` (default: none of its own). To be run on a folder that does not exist yet.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Entry, Group } from '../src/domain/group.ts';
import { groupBytes, groupColumns } from '../src/domain/group.ts';
import type { Point, PointIndex } from '../src/domain/point.ts';
import type { EngineMs, WallMs } from '../src/domain/time.ts';
import { Store } from '../src/storage/store.ts';

const groupRows = 65_536;
const dayMs = 86_400_000;

const { values: options } = parseArgs({
  options: {
    directory: { type: 'string' },
    readings: { type: 'string', default: '1000000' },
    points: { type: 'string', default: '20' },
    days: { type: 'string', default: '10' },
    config: { type: 'string' },
  },
});
const { directory } = options;
if (directory === undefined || existsSync(directory)) {
  console.error('--directory must name a folder that does not exist yet');
  process.exit(2);
}
seed(directory, Number(options.readings), Number(options.points), Number(options.days));

function seed(folder: string, readings: number, pointCount: number, days: number): void {
  const endMs = Math.floor(Date.now() / dayMs) * dayMs;
  const beginMs = endMs - days * dayMs;
  const stepMs = (days * dayMs) / readings;
  const surroundings = { wallMs: () => endMs, problem: () => undefined };
  const store = new Store({ directory: folder, bootId: 'seeded' }, surroundings);
  store.recover();
  const random = createRandom(1);
  const text = options.config === undefined ? '' : readFileSync(options.config, 'utf8');
  let seq = 1;
  let entries = openingEntries(beginMs, pointCount, text, () => seq++);
  let id = 1;
  for (let done = 0; done < readings; id += 1) {
    const wallMs = beginMs + Math.floor(done * stepMs);
    const today = Math.floor(wallMs / dayMs) * dayMs;
    const untilMidnight = Math.max(1, Math.ceil((today + dayMs - beginMs) / stepMs) - done);
    const count = Math.min(groupRows, readings - done, untilMidnight);
    const columns = groupColumns(new ArrayBuffer(groupBytes(count)), count);
    let atMs = wallMs;
    for (let row = 0; row < count; row += 1) {
      const number = done + row;
      atMs = beginMs + Math.floor(number * stepMs);
      columns.seq[row] = seq++;
      columns.atMs[row] = atMs;
      columns.value[row] = valueAt(number, pointCount, stepMs, random);
      columns.raw[row] = NaN;
      columns.point[row] = (number % pointCount) + 1;
    }
    store.write(groupOf(id, today, columns.buffer, count, entries, seq++, atMs));
    entries = [];
    done += count;
  }
  store.close();
  console.log(`${readings} readings of ${pointCount} points over ${days} days in ${folder}`);
}

function groupOf(
  id: number,
  today: number,
  buffer: ArrayBuffer,
  count: number,
  entries: readonly Entry[],
  stampSeq: number,
  atMs: number,
): Group {
  const stamp = {
    bootId: 'seeded',
    monotonicMs: atMs % dayMs,
    wallMs: atMs as WallMs,
    trusted: true,
    engineMs: atMs as EngineMs,
  };
  return {
    id,
    dayMs: today,
    buffer,
    capacity: count,
    count,
    entries,
    points: [],
    stampSeq,
    stamp,
    reservedSeq: stampSeq + groupRows,
  };
}

function openingEntries(
  atMs: number,
  pointCount: number,
  text: string,
  takeSeq: () => number,
): Entry[] {
  const entry = (kind: Entry['kind'], key: string, body: unknown): Entry => {
    return { seq: takeSeq(), atMs, lagMs: 0, kind, key, body: JSON.stringify(body) };
  };
  const points = Array.from({ length: pointCount }, (_, index): Point => {
    const device = `freezer-${index + 1}`;
    const shape = { metric: 'temperature', unit: '°C', kind: 'number', states: [] } as const;
    return { index: (index + 1) as PointIndex, device, ...shape };
  });
  return [
    entry('config', 'limen', { hash: 'seeded', text }),
    entry('started', 'limen', {
      elapsed_ms: null,
      down_ms: null,
      stopped_at: null,
      wall_offset_ms: 0,
    }),
    ...points.map((point) => entry('point', `${point.device}/${point.metric}`, point)),
  ];
}

/** A freezer: -20 °C, a swing over the day, noise, and an open door for a while every few hours. */
function valueAt(number: number, pointCount: number, stepMs: number, random: () => number): number {
  const point = number % pointCount;
  const hours = (number * stepMs) / 3_600_000 + point / 3;
  const swing = Math.sin((hours / 24) * 2 * Math.PI);
  const door = hours % 7 < 0.2 ? 25 * (hours % 7) : 0;
  return Math.round((-20 + swing + door + (random() - 0.5) * 0.6) * 100) / 100;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seedNumber: number): () => number {
  let state = seedNumber;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
