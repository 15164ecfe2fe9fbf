import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { convert } from '../../src/domain/units.ts';
import { createRoad, type Road, type StoredRow } from './road.ts';

// Messages of other people's devices, kept beside the project: see their README for how they are scored.
const folder = process.env['LIMEN_SAMPLES'] ?? join(import.meta.dirname, '../../../shared/samples');
const isAbsent = !existsSync(folder);
const why = `there is no folder ${folder}`;

interface Expected {
  readonly device: string;
  readonly metric: string;
  readonly value: unknown;
  readonly unit: string | null;
  readonly optional?: boolean;
  readonly aliases?: readonly string[];
  readonly device_aliases?: readonly string[];
  readonly tolerance?: number;
}

interface Sample {
  readonly id: string;
  readonly kind: string;
  readonly topic: string | null;
  readonly payload: string;
  readonly expect?: readonly Expected[];
}

function samplesOf(file: string): Sample[] {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): Sample => JSON.parse(line));
}

function bytesOf({ payload }: Sample): Buffer {
  return payload.startsWith('base64:')
    ? Buffer.from(payload.slice('base64:'.length), 'base64')
    : Buffer.from(payload);
}

/** A road with the source a user would write for this topic: the last level is the metric, unless an object names it. */
function roadFor({ topic, payload }: Sample): Road {
  const road = createRoad();
  const count = topic?.split('/').length ?? 0;
  const tail = /^\s*\{/.test(payload) ? ['{device}'] : ['{device}', '{metric}'];
  const pattern = [...Array<string>(Math.max(0, count - tail.length)).fill('+'), ...tail].join('/');
  road.intake.configure([{ kind: 'mqtt', pattern, broker: 'embedded' }]);
  return road;
}

function isSame(row: StoredRow, wanted: Expected): boolean {
  if (row.value === wanted.value) return true;
  if (typeof row.value !== 'number' || typeof wanted.value !== 'number') return false;
  const value =
    row.unit !== null && wanted.unit !== null
      ? convert(row.value, row.unit, wanted.unit)
      : row.value;
  return value !== null && Math.abs(value - wanted.value) <= (wanted.tolerance ?? 1e-9);
}

interface Score {
  found: number;
  expected: number;
  wrong: number;
  invented: number;
}

function score(sample: Sample, into: Score): void {
  const road = roadFor(sample);
  if (sample.topic !== null) road.take(sample.topic, bytesOf(sample));
  const rows = road.rows().filter(({ quality }) => quality === 'good');
  if (sample.kind !== 'measurement') into.invented += rows.length;
  for (const wanted of sample.expect ?? []) {
    const metrics = [wanted.metric, ...(wanted.aliases ?? [])];
    const devices = [wanted.device, ...(wanted.device_aliases ?? [])];
    const named = rows.find(({ point }) =>
      devices.some((device) => metrics.some((metric) => point === `${device}/${metric}`)),
    );
    const row = named ?? rows.find((each) => isSame(each, wanted));
    if (wanted.optional !== true) into.expected++;
    if (row === undefined || wanted.optional === true) continue;
    if (isSame(row, wanted)) into.found++;
    else into.wrong++;
  }
}

test.for<[string, number]>([
  ['plain-topic.ndjson', 5],
  ['generic-json.ndjson', 3],
])('the samples of %s are read, and noise is not', ([file, leastFound], { skip }) => {
  skip(isAbsent, why);
  const counts: Score = { found: 0, expected: 0, wrong: 0, invented: 0 };
  for (const sample of samplesOf(file)) score(sample, counts);
  const { found, expected, wrong, invented } = counts;
  process.stdout.write(
    `samples: ${file}: found ${found} of ${expected}, wrong ${wrong}, false ${invented}\n`,
  );
  expect(found).toBeGreaterThanOrEqual(leastFound);
  expect([wrong, invented]).toEqual([0, 0]);
});

test('no sample of any convention throws, is counted twice or gets lost', ({ skip }) => {
  skip(isAbsent, why);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ndjson'))) {
    for (const sample of samplesOf(file)) {
      if (sample.topic === null) continue;
      const asIs = createRoad();
      asIs.take(sample.topic, bytesOf(sample));
      const good = asIs.rows().filter(({ quality }) => quality === 'good');
      if (sample.kind !== 'measurement') expect(good).toEqual([]);
      const road = roadFor(sample);
      const rows = road.take(sample.topic, bytesOf(sample));
      const { accepted, stored, rejected } = road.counts();
      expect(accepted).toBe(stored + rejected);
      if (rows >= 0) expect(accepted).toBeGreaterThan(0);
    }
  }
});
