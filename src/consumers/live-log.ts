import { alertKey, type Alert, type AlertEvent, type Reason } from '../domain/alert.ts';
import type { ReadingRecord } from '../domain/api.ts';
import type { OutputStatus } from '../domain/output.ts';
import type { DurationMs } from '../domain/time.ts';
import type { Clock } from '../host/clock.ts';
import type { Log } from '../host/log.ts';

/** For this long after the start readings are shown, so that a newcomer sees them come in. */
const showReadingsMs: DurationMs = 60_000;
/** At most one reading of a point, and so many lines, in this time. */
const pointEveryMs: DurationMs = 900;
const linesMax = 10;

/** The log as a consumer: every alert and command, and for the first minute the readings. */
export interface LiveLog {
  /** Whether readings are shown now. */
  readonly showsReadings: boolean;
  reading(reading: ReadingRecord): void;
  onAlert(event: AlertEvent): void;
  onOutput(status: OutputStatus): void;
  stop(): void;
}

/** Creates the live log; `onQuiet` is called when it stops to show readings. */
export function createLiveLog(log: Log, clock: Clock, onQuiet: () => void): LiveLog {
  const readingLog = log.area('reading');
  const alertLog = log.area('alert');
  const outputLog = log.area('output');
  const shownAtMs = new Map<string, number>();
  let windowStartMs = clock.monotonicMs();
  const outputs = new Map<string, OutputStatus>();
  let lines = 0;
  let showsReadings = true;

  const quiet = clock.after(showReadingsMs, () => {
    showsReadings = false;
    shownAtMs.clear();
    readingLog.info('further readings are not logged; "limen watch" shows them');
    onQuiet();
  });

  return {
    get showsReadings() {
      return showsReadings;
    },
    reading({ device, metric, value, unit, quality }) {
      const nowMs = clock.monotonicMs();
      if (nowMs - windowStartMs >= pointEveryMs) {
        windowStartMs = nowMs;
        lines = 0;
        shownAtMs.clear();
      }
      const point = `${device}/${metric}`;
      if (lines >= linesMax || shownAtMs.has(point)) return;
      lines += 1;
      shownAtMs.set(point, nowMs);
      const shown = unit === null ? String(value) : `${String(value)} ${unit}`;
      readingLog.info(`${point} ${shown}`, quality === 'good' ? {} : { quality });
    },
    onAlert({ kind, alert, from, to, reason, notice, hushed }) {
      if (kind === 'condition') return;
      const untold = hushed === undefined ? {} : { not_told: hushed };
      const fields = { from, to, reason, severity: alert.severity, id: alert.id, ...untold };
      if (notice !== undefined) {
        alertLog.warn(notice.text, fields);
        return;
      }
      const flagged = flagText(reason, alert);
      if (kind === 'flag' && flagged !== null) {
        const isLoud = to === 'active' || to === 'returned' || reason === 'out_of_service';
        const text = `${alertKey(alert)} ${flagged}: ${alert.message}`;
        if (isLoud) alertLog.warn(text, fields);
        else alertLog.info(text, fields);
        return;
      }
      if (to === 'active' || to === 'returned') alertLog.warn(alert.message, fields);
      else alertLog.info(alert.message, fields);
    },
    onOutput(status) {
      const { name, commanded, owner, reason, state, detail } = status;
      const last = outputs.get(name);
      outputs.set(name, status);
      const isSame =
        last?.commanded === commanded && last.owner === owner && last.reason === reason;
      if (isSame && last.state === state && last.detail === detail) return;
      // Where nothing is ever read back there is nothing to say of it.
      const shown = state === (last?.state ?? 'unknown') ? {} : { read_back: state };
      outputLog.info(`${name} ${commanded}`, {
        reason,
        owner,
        ...shown,
        ...(detail === null ? {} : { detail }),
      });
    },
    stop: () => quiet.cancel(),
  };
}

function flagText(reason: Reason, { suppressedBy }: Alert): string | null {
  switch (reason) {
    case 'shelved':
      return 'is shelved';
    case 'unshelved':
      return 'is not shelved any more';
    case 'out_of_service':
      return 'is out of service';
    case 'in_service':
      return 'is in service again';
    case 'suppressed':
      return `is suppressed by ${suppressedBy ?? 'nothing'}`;
    case 'unsuppressed':
      return 'is not suppressed any more';
    default:
      return null;
  }
}
