import { closest } from '../config/text/suggest.ts';
import type { Act } from '../domain/act.ts';
import { LimenError } from '../domain/error.ts';
import { shellWord } from '../domain/shell-word.ts';
import type { AlertRow } from './alert-row.ts';

/** Alerts that a part of a name may stand for, with what they are. */
export interface Choice {
  readonly adjective: string;
  /** What an alert is that is none of them. */
  readonly otherwise: string;
  accepts(alert: AlertRow): boolean;
}

/** What the running Limen knows. */
export interface Known {
  readonly alerts: readonly AlertRow[];
  /** Rules that have no alert yet, for want of a point. */
  readonly unmatchedRules: readonly string[];
}

export const openAlerts: Choice = {
  adjective: 'open',
  otherwise: 'normal',
  accepts: (alert) => alert.state !== 'normal',
};

/** A normal alert can be shelved or taken out of service, too. */
export const openElseAny: readonly Choice[] = [
  openAlerts,
  { adjective: '', otherwise: '', accepts: () => true },
];

/**
 * The alert a person means: an exact id or key, else the only one of that rule among the first choice that has any, else
 * the only one that begins so. The id of another occurrence is kept as written: Limen refuses it and says why.
 */
export function findAlert(
  wanted: string,
  known: Known,
  { act, among }: { readonly act: Act['act']; readonly among: readonly Choice[] },
): AlertRow {
  const { alerts } = known;
  const exact = alerts.find((alert) => alert.id === wanted || alert.key === wanted);
  if (exact !== undefined) return exact;
  const occurrence = /^(.*)\/\d+$/.exec(wanted);
  const other = alerts.find((alert) => alert.key === occurrence?.[1]);
  if (other !== undefined) return { ...other, id: wanted };

  const fitting = fittingOf(wanted, known);
  for (const { accepts } of among) {
    const matches = fitting.filter(accepts);
    const [first, ...others] = matches;
    if (first !== undefined && others.length === 0) return first;
    if (first !== undefined) {
      throw new LimenError('invalid', `"${wanted}" fits several alerts; name one:${list(matches)}`);
    }
  }
  const choice = among.at(-1) ?? openAlerts;
  throw new LimenError(
    'not_found',
    fitting.length > 0
      ? noneToChoose(wanted, fitting, choice, act)
      : noSuchAlert(wanted, known, choice),
  );
}

// Those of the rule of that name, else those that begin so: "warm" never means an alert of a rule "warmer" besides.
function fittingOf(wanted: string, { alerts, unmatchedRules }: Known): readonly AlertRow[] {
  const ofRule = alerts.filter((alert) => alert.rule === wanted);
  if (ofRule.length > 0 || unmatchedRules.includes(wanted)) return ofRule;
  return alerts.filter((alert) => alert.key.startsWith(wanted));
}

/** They exist, but the act is none for what they are. */
function noneToChoose(
  wanted: string,
  fitting: readonly AlertRow[],
  { otherwise }: Choice,
  act: Act['act'],
): string {
  const [first, ...others] = fitting;
  const vain = `there is nothing to ${act === 'service' ? 'put back' : act}`;
  if (first === undefined || others.length > 0)
    return `All alerts that "${wanted}" fits are ${otherwise}: ${vain}:${list(fitting)}`;
  const help =
    act === 'acknowledge'
      ? `; to silence what may come: limen shelve ${shellWord(first.key)} --for 2h`
      : '';
  return `${first.key} is ${otherwise}: ${vain}${help}`;
}

function noSuchAlert(
  wanted: string,
  { alerts, unmatchedRules }: Known,
  { adjective, accepts }: Choice,
): string {
  if (unmatchedRules.includes(wanted))
    return `The rule "${wanted}" matches no point yet, so it has no alert`;
  const names = new Set(alerts.flatMap(({ rule, key }) => [rule, key]));
  const meant = closest(wanted, names);
  if (meant !== null) return `There is no alert "${wanted}"; did you mean "${meant}"?`;
  const choice = alerts.filter(accepts);
  if (choice.length > 0)
    return `There is no alert "${wanted}"; these are ${adjective === '' ? 'there' : adjective}:${list(choice)}`;
  return `There is no alert "${wanted}"; ${adjective === '' ? 'there are none' : `none is ${adjective}`}`;
}

function list(alerts: readonly AlertRow[]): string {
  return alerts.map((alert) => `\n  ${alert.key}`).join('');
}
