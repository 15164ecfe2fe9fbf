import { limits } from '../domain/limits.ts';
import type { DurationMs } from '../domain/time.ts';

/** Buckets grow by a 32nd of an octave: what is read from them is at most 2.2 % too long, never too short. */
const bucketsPerOctave = 32;
/** The last bucket takes everything from about 48 days on. */
const bucketMax = 22 * bucketsPerOctave - 1;
const shortestMs = 1_000;

/** Gaps of one stretch of time, counted by their length. */
interface Generation {
  /** Bucket of the first count. */
  from: number;
  counts: Uint32Array<ArrayBuffer>;
  gapCount: number;
  /** The sum of the gaps: for how long the point was listened to. */
  coveredMs: number;
}

/**
 * The gaps between the readings of one point over the last days, as counts by length: exact to 2 %, whatever their
 * number. Two generations: when the newer one is full the older one is forgotten, so a habit of long ago fades.
 */
export class GapHistory {
  #newer = emptyGeneration();
  #older = emptyGeneration();

  /** Counts a gap of at least a second. */
  add(gapMs: DurationMs): void {
    const newer = this.#newer;
    const bucket = Math.floor(bucketsPerOctave * Math.log2(Math.max(1, gapMs / shortestMs)));
    count(newer, Math.min(bucketMax, bucket), 1);
    newer.coveredMs += gapMs;
    if (newer.coveredMs < limits.learnGenerationMs || newer.gapCount < 2 * limits.learnGapsMin)
      return;
    this.#older = newer;
    this.#newer = emptyGeneration();
  }

  /**
   * After how long without a reading the point is stale (contract 2): the larger of 3 × median and 1.5 × the 99th
   * percentile of the gaps. null: 50 readings over 24 h are not there yet. A habit that has become slower counts as soon
   * as the newer generation alone shows it.
   */
  staleAfterMs(): DurationMs | null {
    const whole = staleAfter([this.#older, this.#newer]);
    const newest = staleAfter([this.#newer]);
    if (whole === null || newest === null) return whole;
    return Math.max(whole, newest);
  }

  /** As text: the two generations, each as its covered milliseconds and pairs of bucket and count. */
  encode(): string {
    return [this.#newer, this.#older].map(encodeGeneration).join(';');
  }

  /** What `encode` has written; anything else is an empty history. */
  static decode(text: string): GapHistory {
    const history = new GapHistory();
    const [newer, older] = text.split(';');
    history.#newer = decodeGeneration(newer ?? '');
    history.#older = decodeGeneration(older ?? '');
    return history;
  }
}

const noCounts = new Uint32Array(0);

function emptyGeneration(): Generation {
  return { from: 0, counts: noCounts, gapCount: 0, coveredMs: 0 };
}

function count(generation: Generation, bucket: number, gaps: number): void {
  widen(generation, bucket);
  generation.counts[bucket - generation.from]! += gaps;
  generation.gapCount += gaps;
}

// A point that reports at one pace uses a few buckets of hundreds.
function widen(generation: Generation, bucket: number): void {
  const { from, counts } = generation;
  const end = from + counts.length;
  if (bucket >= from && bucket < end) return;
  const isEmpty = counts.length === 0;
  const first = isEmpty ? bucket : Math.min(from, bucket);
  const wider = new Uint32Array((isEmpty ? bucket + 1 : Math.max(end, bucket + 1)) - first);
  wider.set(counts, isEmpty ? 0 : from - first);
  generation.from = first;
  generation.counts = wider;
}

function staleAfter(generations: readonly Generation[]): DurationMs | null {
  let gapCount = 0;
  let coveredMs = 0;
  for (const generation of generations) {
    gapCount += generation.gapCount;
    coveredMs += generation.coveredMs;
  }
  if (gapCount < limits.learnGapsMin || coveredMs < limits.learnSpanMs) return null;
  const median = quantile(generations, Math.floor(gapCount / 2) + 1);
  const longest = quantile(generations, Math.ceil(0.99 * gapCount));
  const afterMs = Math.max(3 * median, 1.5 * longest, limits.staleAfterMsMin);
  // A whole number of milliseconds, also in thirds: an expected interval is one of the three.
  return Math.ceil(afterMs / 300) * 300;
}

/** The upper edge of the bucket of the gap with this rank, the shortest first. */
function quantile(generations: readonly Generation[], rank: number): DurationMs {
  let seen = 0;
  for (let bucket = 0; bucket < bucketMax; bucket += 1) {
    for (const { from, counts } of generations) seen += counts[bucket - from] ?? 0;
    if (seen >= rank) return upperEdge(bucket);
  }
  return upperEdge(bucketMax);
}

function upperEdge(bucket: number): DurationMs {
  return shortestMs * 2 ** ((bucket + 1) / bucketsPerOctave);
}

function encodeGeneration({ from, counts, coveredMs }: Generation): string {
  const pairs: string[] = [];
  counts.forEach((gaps, index) => {
    if (gaps > 0) pairs.push(`${(from + index).toString(36)}.${gaps.toString(36)}`);
  });
  return [Math.round(coveredMs).toString(36), ...pairs].join(' ');
}

function decodeGeneration(text: string): Generation {
  const generation = emptyGeneration();
  const [covered, ...pairs] = text.split(' ');
  generation.coveredMs = wholeOf(covered);
  for (const pair of pairs) {
    const [bucket, gaps] = pair.split('.').map(wholeOf);
    if (bucket === undefined || gaps === undefined) continue;
    count(generation, Math.min(bucketMax, bucket), gaps);
  }
  return generation;
}

function wholeOf(text: string | undefined): number {
  const value = Number.parseInt(text ?? '', 36);
  return value >= 0 ? value : 0;
}
