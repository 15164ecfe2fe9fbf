import {
  alertKey,
  alertStates,
  firstOutOf,
  type AlertKey,
  type AlertState,
  type FirstOut,
} from '../domain/alert.ts';
import type { Value } from '../domain/reading.ts';
import type { Severity } from '../domain/rule.ts';
import type { AlertJson } from '../http/client.ts';
import { parseSeverity } from './text.ts';

/** What the CLI reads of an alert's JSON. */
export interface AlertRow extends AlertKey {
  /** `rule/device/metric`. */
  readonly key: string;
  /** The occurrence. */
  readonly id: string;
  readonly state: AlertState;
  readonly severity: Severity | null;
  readonly value: Value | null;
  readonly unit: string | null;
  readonly message: string;
  /** Why it changed last. */
  readonly reason: string;
  readonly raisedAt: number | null;
  readonly changedAt: number | null;
  readonly latched: boolean;
  readonly shelvedUntil: number | null;
  /** What keeps it from people by design; null: nothing. */
  readonly suppressedBy: string | null;
  readonly outOfService: boolean;
  readonly firstOut: FirstOut | null;
}

/** Reads an alert that came over the socket or from the files. */
export function parseAlert(json: AlertJson): AlertRow {
  const key = {
    rule: textOf(json['rule']) ?? '',
    device: textOf(json['device']) ?? '',
    metric: textOf(json['metric']) ?? '',
  };
  return {
    ...key,
    key: alertKey(key),
    id: textOf(json['id']) ?? '',
    state: alertStates.find((state) => state === json['state']) ?? 'normal',
    severity: parseSeverity(json['severity']),
    value: valueOf(json['value']),
    unit: textOf(json['unit']),
    message: textOf(json['message']) ?? '',
    reason: textOf(json['reason']) ?? '',
    raisedAt: numberOf(json['raised_at']),
    changedAt: numberOf(json['changed_at']),
    latched: json['latched'] === true,
    shelvedUntil: numberOf(json['shelved_until']),
    suppressedBy: textOf(json['suppressed_by']),
    outOfService: json['out_of_service'] === true,
    firstOut: firstOutOf(json),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function valueOf(value: unknown): Value | null {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
    ? value
    : null;
}
