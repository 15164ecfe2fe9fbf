import type { EngineInput } from '../domain/engine.ts';
import { limits } from '../domain/limits.ts';
import type { Clock } from '../host/clock.ts';
import type { Points } from './points.ts';

/** The connections that points come through, as far as the engine has to know of them. */
export interface Sources {
  /** A client of the embedded broker connected, or its connection ended. */
  client(id: string, connected: boolean): void;
  /** The link to another broker or a port that readings come from is up or down; told again, it is no news. */
  broker(name: string, connected: boolean): void;
  /** Tells what has lasted long enough; to be called about once a second. */
  look(): void;
}

interface ClientLink {
  connected: boolean;
  /** Monotonic time of the last change. */
  sinceMs: number;
  /** What the engine was told last. */
  told: boolean;
}

/** How often it is looked which clients bring points. */
const parentsEveryMs = 10_000;

/**
 * Watches connections for the engine. It is told of clients that bring several points and stay: one row when such a
 * client has been there for a minute, one when it has been gone for ten seconds. A sensor that sleeps between its reports
 * makes none.
 */
export function createSources(options: {
  readonly clock: Clock;
  readonly points: Points;
  input(key: string, body: unknown, given: EngineInput): unknown;
}): Sources {
  const { clock, points } = options;
  const links = new Map<string, ClientLink>();
  /** Links whose state is not the one that was told. */
  const pending = new Set<string>();
  const bridges = new Map<string, boolean>();
  let parents: ReadonlySet<string> = new Set();
  let parentsAtMs = -Infinity;

  const tell = (source: string, connected: boolean, bridge: boolean): void => {
    // Nobody could hear them meanwhile: that is no pause of theirs.
    if (!connected) points.interrupt(source);
    const body = { source, connected, bridge };
    options.input(source, body, { kind: 'source', ...body });
  };
  const isParent = (id: string, nowMs: number): boolean => {
    if (nowMs - parentsAtMs >= parentsEveryMs) {
      parents = points.sharedSources();
      parentsAtMs = nowMs;
    }
    return parents.has(id);
  };
  const settle = (id: string, link: ClientLink, nowMs: number): void => {
    const { connected, sinceMs } = link;
    if (nowMs - sinceMs < (connected ? limits.sourceSteadyMs : limits.sourceAwayMs)) return;
    if (connected && !isParent(id, nowMs)) return;
    link.told = connected;
    pending.delete(id);
    if (!connected) links.delete(id);
    tell(id, connected, false);
  };

  return {
    client(id, connected) {
      const link = links.get(id) ?? { connected, sinceMs: 0, told: false };
      link.connected = connected;
      link.sinceMs = clock.monotonicMs();
      if (!connected && !link.told) {
        links.delete(id);
        pending.delete(id);
        return;
      }
      links.set(id, link);
      if (link.told === connected) pending.delete(id);
      else pending.add(id);
    },
    broker(name, connected) {
      if (bridges.get(name) === connected) return;
      bridges.set(name, connected);
      tell(name, connected, true);
    },
    look() {
      const nowMs = clock.monotonicMs();
      for (const id of pending) {
        const link = links.get(id);
        if (link !== undefined) settle(id, link, nowMs);
      }
    },
  };
}
