import { matchesFilter } from '../domain/topic.ts';

/**
 * Which filters anybody subscribes to, connected or in a session that waits: a reading that nobody wants is not
 * distributed at all. `generation` grows with each change, so that a topic's answer can be remembered.
 */
export class Subscriptions {
  readonly #filtersByClient = new Map<string, Set<string>>();
  generation = 0;

  add(clientId: string, filters: Iterable<string>): void {
    let own = this.#filtersByClient.get(clientId);
    if (own === undefined) {
      own = new Set();
      this.#filtersByClient.set(clientId, own);
    }
    for (const filter of filters) own.add(filter);
    this.generation++;
  }

  remove(clientId: string, filters: Iterable<string>): void {
    const own = this.#filtersByClient.get(clientId);
    if (own === undefined) return;
    for (const filter of filters) own.delete(filter);
    this.generation++;
  }

  /** The session is over. */
  drop(clientId: string): void {
    if (this.#filtersByClient.delete(clientId)) this.generation++;
  }

  wants(topic: string): boolean {
    for (const filters of this.#filtersByClient.values()) {
      for (const filter of filters) if (matchesFilter(filter, topic)) return true;
    }
    return false;
  }
}
