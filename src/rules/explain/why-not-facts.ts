import type { Alert, AlertKey } from '../../domain/alert.ts';
import type { Compared, Grounds } from '../../domain/engine.ts';
import type { QuarantineRecord } from '../../domain/api.ts';
import type { Rule } from '../../domain/rule.ts';
import type { WallMs } from '../../domain/time.ts';
import type { WhyRule } from '../../domain/why.ts';
import type { WhyNotReading, WhyNotReplay } from '../../domain/why-not.ts';
import type { AlertBody, NotificationBody, RowWith } from './explain-rows.ts';
import type { Nearest } from '../missing.ts';

/** The alert at the moment that is asked about, as a replay found it. */
export interface AlertAtMoment {
  /** null: there was no such alert. */
  readonly alert: Alert | null;
  readonly compared: Compared | null;
  readonly grounds: Grounds | null;
  readonly badSince: WallMs | null;
}

/** When little was missing. */
export interface NearMiss extends Nearest {
  readonly atMs: number;
  readonly seq: number;
}

/** Everything that an answer to `why-not` is made of. */
export interface WhyNotFacts {
  readonly key: AlertKey;
  readonly atMs: number;
  /** The stop in which the moment lies; null: Limen ran. */
  readonly stop: { readonly stoppedAt: number; readonly startedAt: number | null } | null;
  /** The rule of that time; null: there was none, or it is one of Limen's own. */
  readonly rule: Rule | null;
  readonly isOwnRule: boolean;
  readonly matched: boolean;
  readonly rules: readonly WhyRule[];
  /** When the rule was next written differently. */
  readonly changedAt: number | null;
  readonly moment: AlertAtMoment;
  readonly closest: NearMiss | null;
  /** The last reading before the moment, and the last that could be used. */
  readonly last: WhyNotReading | null;
  readonly lastUsable: WhyNotReading | null;
  /** Readings of the time around that were history only. */
  readonly late: readonly WhyNotReading[];
  /** What could not be read on the topics of the point around that time. */
  readonly rejected: readonly QuarantineRecord[];
  /** Events of the alert: the last one before the stretch that was read, and all within; in order. */
  readonly events: readonly RowWith<AlertBody>[];
  /** The event that raised it, if it was raised at the moment. */
  readonly raise: RowWith<AlertBody> | null;
  readonly notifications: readonly RowWith<NotificationBody>[];
  readonly replay: Omit<WhyNotReplay, 'agrees'>;
  /** A reading of the stretch by its number. */
  reading(seq: number | undefined): WhyNotReading | null;
}
