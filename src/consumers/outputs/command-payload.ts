import type { OutputLevel, OutputSpec } from '../../domain/output.ts';

/** The payload that commands an output to a level; `{lease_s}` becomes the lease in whole seconds. */
export function commandPayload(
  { payloads, leaseMs }: Pick<OutputSpec, 'payloads' | 'leaseMs'>,
  level: OutputLevel,
): string {
  const payload = payloads[level];
  if (leaseMs === null) return payload;
  // Rounded down: the device shall give up rather before Limen would have renewed than after.
  return payload.replaceAll('{lease_s}', String(Math.max(1, Math.floor(leaseMs / 1000))));
}
