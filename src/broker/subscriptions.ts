import { limits } from '../domain/limits.ts';
import { matchesFilter } from '../domain/topic.ts';

/**
 * Which filters anybody subscribes to, connected or in a session that waits: a reading that nobody wants is not
 * distributed at all. `generation` grows with each change, so that a topic's answer can be remembered.
 */
export class Subscriptions {
  readonly #filtersByClient = new Map<string, Set<string>>();
  #count = 0;
  generation = 0;

  /** Filters of all clients. */
  get count(): number {
    return this.#count;
  }

  /** Takes a filter in; false: the client, or all together, have as many as they may. */
  add(clientId: string, filter: string): boolean {
    const own = this.#filtersByClient.get(clientId) ?? new Set();
    if (own.has(filter)) return true;
    if (own.size >= limits.subscriptionsPerClientMax || this.#count >= limits.subscriptionsMax)
      return false;
    own.add(filter);
    this.#filtersByClient.set(clientId, own);
    this.#count++;
    this.generation++;
    return true;
  }

  remove(clientId: string, filters: Iterable<string>): void {
    const own = this.#filtersByClient.get(clientId);
    if (own === undefined) return;
    for (const filter of filters) if (own.delete(filter)) this.#count--;
    this.generation++;
  }

  /** The filters of a client. */
  of(clientId: string): readonly string[] {
    return [...(this.#filtersByClient.get(clientId) ?? [])];
  }

  /** The session is over. */
  drop(clientId: string): void {
    this.#count -= this.#filtersByClient.get(clientId)?.size ?? 0;
    if (this.#filtersByClient.delete(clientId)) this.generation++;
  }

  wants(topic: string): boolean {
    for (const filters of this.#filtersByClient.values()) {
      for (const filter of filters) if (matchesFilter(filter, topic)) return true;
    }
    return false;
  }
}
