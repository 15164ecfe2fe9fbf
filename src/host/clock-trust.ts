import { releasedMs, type WallMs } from '../domain/time.ts';

/** What decides whether the wall clock can be believed. */
export interface ClockEvidence {
  readonly mode: 'ntp' | 'rtc' | 'always';
  readonly wallMs: WallMs;
  /** The latest wall time that was trusted before; null: none. */
  readonly lastTrustedMs: WallMs | null;
  /** What the time service says; null: there is none to ask. */
  readonly synchronised: boolean | null;
}

/**
 * Whether wall time is trusted. `ntp`: once the machine's time service says so; where there is none to ask (a container,
 * another service), as `rtc`. `rtc`: a clock that runs on; it must not lie before what was seen already.
 */
export function isClockTrusted({
  mode,
  wallMs,
  lastTrustedMs,
  synchronised,
}: ClockEvidence): boolean {
  switch (mode) {
    case 'always':
      return true;
    case 'ntp':
      if (synchronised !== null) return synchronised;
      return wallMs >= Math.max(releasedMs, lastTrustedMs ?? 0);
    case 'rtc':
      return wallMs >= Math.max(releasedMs, lastTrustedMs ?? 0);
    default:
      return mode satisfies never;
  }
}
