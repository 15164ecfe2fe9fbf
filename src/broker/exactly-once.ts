import { limits } from '../domain/limits.ts';

/**
 * Packet ids of QoS 2 publishes that are taken and not yet released, per client: a repeat is not a second one
 * (MQTT-4.3.3-2). Bounded per client: the oldest id gives way, so that a repeat of it would be taken again.
 */
export class ExactlyOnce {
  readonly #idsByClient = new Map<string, Set<number>>();

  get count(): number {
    let count = 0;
    for (const ids of this.#idsByClient.values()) count += ids.size;
    return count;
  }

  /** Notes a publish; true if it was taken already. */
  isRepeat(clientId: string, packetId: number): boolean {
    let ids = this.#idsByClient.get(clientId);
    if (ids === undefined) {
      ids = new Set();
      this.#idsByClient.set(clientId, ids);
    }
    if (ids.has(packetId)) return true;
    ids.add(packetId);
    const [oldest] = ids;
    if (ids.size > limits.exactlyOnceIdsMax && oldest !== undefined) ids.delete(oldest);
    return false;
  }

  /** A PUBREL came: the id is free again. */
  free(clientId: string, packetId: number): void {
    this.#idsByClient.get(clientId)?.delete(packetId);
  }

  /** The session is over. */
  drop(clientId: string): void {
    this.#idsByClient.delete(clientId);
  }
}
