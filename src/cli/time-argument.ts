import { LimenError } from '../domain/error.ts';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time on the command line: ISO 8601 (local unless it has a zone), milliseconds since 1970, or `30m` for so long ago. */
export function parseTimeArgument(option: string, text: string, nowMs: number): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  const ago = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (ago !== null) return Math.round(nowMs - Number(ago[1]) * (unitsMs[ago[2] ?? ''] ?? 0));
  const iso =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
      text,
    );
  if (iso !== null) {
    // A date alone is read as UTC by JavaScript; a person means the day at this place.
    const at = Date.parse(`${iso[1]}T${iso[2] ?? '00:00'}${iso[3] ?? ''}`);
    if (!Number.isNaN(at)) return at;
  }
  throw new LimenError(
    'invalid',
    `${option}: "${text}" is not a time; write 2026-11-23T07:00, 1763900000000 (ms since 1970) or 30m, 2h, 7d (ago)`,
  );
}
