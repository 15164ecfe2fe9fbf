import type { DurationMs } from './time.ts';

export type OutputLevel = 'on' | 'off';

/** An output driven by an MQTT topic. */
export interface OutputSpec {
  readonly name: string;
  /** `embedded` or the name of a broker. */
  readonly broker: string;
  readonly topic: string;
  /** Payload for each level; `{lease_s}` in it is replaced by the lease in whole seconds. */
  readonly payloads: Readonly<Record<OutputLevel, string>>;
  readonly safe: OutputLevel;
  readonly idle: OutputLevel;
  /** While the owner's condition is unknown: keep the claim, or go safe. */
  readonly onUnknown: 'hold' | 'safe' | null;
  /** Longest continuous energised time over all owners. */
  readonly maxOnMs: DurationMs | null;
  readonly leaseMs: DurationMs | null;
}

/** The present state of an output (contract 6, `limen/outputs/<output>`). */
export interface OutputStatus {
  readonly name: string;
  /** Read back from the device, or unknown: never assumed. */
  readonly state: OutputLevel | 'unknown';
  readonly commanded: OutputLevel;
  /** The alert that owns it, as `rule/device/metric`; null: nobody. */
  readonly owner: string | null;
  readonly reason: string;
  readonly sinceAt: number;
  readonly seq: number;
}
