import type { QuarantineRecord } from '../domain/api.ts';
import { limits } from '../domain/limits.ts';
import type { WallMs } from '../domain/time.ts';

/**
 * What could not be read: one record per source, topic and reason, with a sample. Bounded: the record that was not
 * added to for the longest time makes room for a new one.
 */
export class Quarantine {
  readonly #records = new Map<string, QuarantineRecord>();
  #changed = false;

  constructor(stored: readonly QuarantineRecord[]) {
    for (const record of stored.toReversed()) this.#records.set(keyOf(record), record);
  }

  add(source: string, topic: string, reason: string, bytes: Uint8Array, atMs: WallMs): void {
    // Topics of clients are as long as they like; the record is not.
    const shortTopic = topic.length <= 256 ? topic : `${topic.slice(0, 255)}…`;
    const key = keyOf({ source, topic: shortTopic, reason });
    const before = this.#records.get(key);
    const sample = bytes.subarray(0, limits.quarantineBytesMax);
    // Deleted and set again: the map's order is the order of the last addition.
    this.#records.delete(key);
    this.#records.set(key, {
      source,
      topic: shortTopic,
      reason,
      sample_base64: Buffer.from(sample).toString('base64'),
      first_at: before?.first_at ?? atMs,
      last_at: atMs,
      count: (before?.count ?? 0) + 1,
    });
    this.#changed = true;
    if (this.#records.size <= limits.quarantineRowsMax) return;
    const [oldest] = this.#records.keys();
    if (oldest !== undefined) this.#records.delete(oldest);
  }

  get size(): number {
    return this.#records.size;
  }

  /** The records, the newest first. */
  records(): QuarantineRecord[] {
    return [...this.#records.values()].toReversed();
  }

  /** The records, if there was an addition since the last call. */
  takeChanged(): QuarantineRecord[] | null {
    if (!this.#changed) return null;
    this.#changed = false;
    return this.records();
  }
}

function keyOf(record: Pick<QuarantineRecord, 'source' | 'topic' | 'reason'>): string {
  return `${record.source}\u0000${record.topic}\u0000${record.reason}`;
}
