import type {
  AlertStatistics,
  Finding,
  HygieneReport,
  SparingDelay,
} from '../../domain/hygiene.ts';
import { isOwnAlert, staleMs } from './hygiene-alert.ts';

type Facts = Omit<HygieneReport, 'findings'>;

/** Fewer announcements say nothing about their distribution. */
const distributionMin = 20;
/** An alert that makes less than this of all is no offender, and one that rang less often neither. */
const offenderShareMin = 0.1;
const offenderCountMin = 5;
/** Shelved so often, and for this part of the time, an alert is as good as gone. */
const shelvingsMin = 3;
const shelvedShareMin = 0.5;
const findingsPerKindMax = 5;

/** What to do about the figures, the most general first. Each finding names something that can be typed. */
export function findingsOf(facts: Facts, alerts: readonly AlertStatistics[]): Finding[] {
  return [
    ...rateFindings(facts),
    ...priorityFindings(facts, alerts),
    ...most(alerts, isOffender, ({ count }) => count).map(offenderFinding),
    ...most(alerts, ({ chattering }) => chattering > 0, byChattering).map(chatteringFinding),
    ...most(alerts, ({ fleeting }) => fleeting > 0, byFleeting).map(fleetingFinding),
    ...most(alerts, isIgnored, ({ never_acknowledged }) => never_acknowledged).map(ignoredFinding),
    ...most(alerts, isAlwaysShelved, ({ shelved_ms: ms }) => ms).map(shelvedFinding),
    ...standingFindings(facts),
  ];
}

const byChattering = ({ chattering }: AlertStatistics): number => chattering;
const byFleeting = ({ fleeting }: AlertStatistics): number => fleeting;

function most(
  alerts: readonly AlertStatistics[],
  isOne: (alert: AlertStatistics) => boolean,
  by: (alert: AlertStatistics) => number,
): AlertStatistics[] {
  return alerts
    .filter(isOne)
    .toSorted((a, b) => by(b) - by(a) || (a.alert < b.alert ? -1 : 1))
    .slice(0, findingsPerKindMax);
}

function rateFindings({ per_10_minutes: rate, flood, offenders, announced }: Facts): Finding[] {
  const findings: Finding[] = [];
  const top = offenders.slice(0, 3);
  const share = percent(top.reduce((sum, each) => sum + each.count, 0) / Math.max(1, announced));
  const worst = `begin with ${top.map(({ alert }) => alert).join(', ')}: ${share} of all`;
  if (rate.mean > rate.target) {
    findings.push({
      finding: 'rate',
      alert: null,
      what: `${number(rate.mean)} alerts per 10 minutes, ${rate.target} is manageable`,
      suggestion: worst,
    });
  }
  if (flood.count > 0) {
    findings.push({
      finding: 'flood',
      alert: null,
      what: `${flood.count === 1 ? 'once' : `${flood.count} times`} more than ${flood.limit} alerts in 10 minutes, ${percent(flood.share)} of the time`,
      suggestion: `nobody can read that fast; ${worst}`,
    });
  }
  return findings;
}

function priorityFindings(
  { priorities, announced }: Facts,
  alerts: readonly AlertStatistics[],
): Finding[] {
  const critical = priorities.find(({ severity }) => severity === 'critical');
  if (critical === undefined || announced < distributionMin) return [];
  if (critical.share <= 2 * critical.target_share) return [];
  const [first] = most(alerts, isCritical, ({ count }) => count);
  return [
    {
      finding: 'priorities',
      alert: first?.alert ?? null,
      what: `${percent(critical.share)} of the alerts are critical, ${percent(critical.target_share)} is the aim`,
      suggestion:
        'keep critical for what must be acted on at once; give the others "severity: warning" or info',
    },
  ];
}

function isCritical({ severity, count }: AlertStatistics): boolean {
  return severity === 'critical' && count > 0;
}

function isOffender({ share, count }: AlertStatistics): boolean {
  return share >= offenderShareMin && count >= offenderCountMin;
}

function offenderFinding(alert: AlertStatistics): Finding {
  return {
    finding: 'offender',
    alert: alert.alert,
    what: `${alert.count} alerts, ${percent(alert.share)} of all`,
    suggestion:
      onDelayText(alert.on_delay) ??
      offDelayText(alert.off_delay) ??
      adviceOf(alert, 'its raises last: repair what it tells of, or move its limit'),
  };
}

function chatteringFinding(alert: AlertStatistics): Finding {
  return {
    finding: 'chattering',
    alert: alert.alert,
    what: `${raises(alert.chattering)} the third or a later one within a minute`,
    suggestion:
      offDelayText(alert.off_delay) ??
      onDelayText(alert.on_delay) ??
      adviceOf(
        alert,
        'a deadband wider than the noise of the sensor keeps it from coming back at once',
      ),
  };
}

function fleetingFinding(alert: AlertStatistics): Finding {
  return {
    finding: 'fleeting',
    alert: alert.alert,
    what: `${raises(alert.fleeting)} over within 10 s`,
    suggestion:
      onDelayText(alert.on_delay) ??
      adviceOf(alert, 'an on_delay longer than they last keeps such away'),
  };
}

function isIgnored({ never_acknowledged: never, ended, share }: AlertStatistics): boolean {
  return never === ended && ended >= offenderCountMin && share > 0;
}

function ignoredFinding({ alert, ended }: AlertStatistics): Finding {
  return {
    finding: 'never_acknowledged',
    alert,
    what: `nobody acknowledged any of ${ended}`,
    suggestion: isOwnAlert(alert)
      ? 'if nobody has to act on it, give it "severity: info"'
      : 'if nobody has to act on it, give it "severity: info", or remove the rule',
  };
}

/** Whoever shelves an alert whenever its shelf ends has done away with it, and nobody decided that. */
export function isAlwaysShelved({ shelvings, shelved_share: share }: AlertStatistics): boolean {
  return shelvings >= shelvingsMin && share >= shelvedShareMin;
}

function shelvedFinding(alert: AlertStatistics): Finding {
  return {
    finding: 'always_shelved',
    alert: alert.alert,
    what: `shelved ${alert.shelvings} times, ${percent(alert.shelved_share)} of the time since the first`,
    suggestion: adviceOf(
      alert,
      `move its limit or its delays, remove the rule, or until it is repaired: limen service ${alert.alert} out`,
    ),
  };
}

function standingFindings({ standing }: Facts): Finding[] {
  return standing
    .filter(({ for_ms: forMs }) => forMs > staleMs)
    .slice(0, findingsPerKindMax)
    .map(({ alert, state, for_ms: forMs }) => ({
      finding: state === 'returned' ? 'standing' : 'stale',
      alert,
      what: `${state} for ${Math.floor(forMs / 3_600_000)} h`,
      suggestion:
        state === 'returned'
          ? `it is over and nobody has seen it: limen ack ${alert}`
          : 'an alert that stays for a day is not looked at any more: repair it, or change the rule to what is normal',
    }));
}

// Limen's own rules have neither a limit nor a delay that could be set.
function adviceOf({ alert }: AlertStatistics, ofRule: string): string {
  if (!isOwnAlert(alert)) return ofRule;
  return alert.startsWith('limen.stale/') || alert.startsWith('limen.bad/')
    ? 'repair how the point reports, or set its expect_every to how it does'
    : 'repair what it tells of';
}

function raises(count: number): string {
  return count === 1 ? '1 raise was' : `${count} raises were`;
}

function onDelayText(delay: SparingDelay | null): string | null {
  if (delay === null) return null;
  return `an on_delay of ${length(delay.delay_ms)} would have spared ${delay.spared} of ${delay.of}`;
}

function offDelayText(delay: SparingDelay | null): string | null {
  if (delay === null) return null;
  return `an off_delay of ${length(delay.delay_ms)} would have joined ${delay.spared} of ${delay.of} raises with the one before; a wider deadband does it too`;
}

function length(delayMs: number): string {
  return delayMs % 60_000 === 0 ? `${delayMs / 60_000}m` : `${delayMs / 1000}s`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function number(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
