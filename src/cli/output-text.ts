import type { OutputJson } from '../http/client.ts';
import { formatClock, printable } from './text.ts';

/** How an output is, in words: what it does as far as anybody can tell, why, and what a person has done about it. */
export function outputText({
  name,
  state,
  commanded,
  owner,
  reason,
  detail,
  hold,
  trip,
}: OutputJson): string {
  const is = state === 'unknown' ? `told ${commanded}, state not known` : `${state}, read back`;
  const contrary = state !== 'unknown' && state !== commanded ? `, told ${commanded}` : '';
  const held =
    hold === null
      ? []
      : [
          `held ${hold.level} by ${printable(hold.by)} until ${formatClock(hold.until_at)}${quoted(hold.comment)}`,
        ];
  const tripped =
    trip === null ? [] : [`TRIPPED: ${printable(trip.why)}; limen reset ${printable(name)}`];
  const whys = [
    ...(trip === null && hold === null ? whyText(owner, reason, detail) : []),
    ...held,
    ...tripped,
  ];
  return [`${printable(name)} is ${is}${contrary}`, ...whys].join(', ');
}

function whyText(owner: string | null, reason: string, detail: string | null): readonly string[] {
  const said = detail === null ? '' : ` (${printable(detail)})`;
  const by = owner === null ? '' : ` ${printable(owner)}`;
  switch (reason) {
    case 'claim':
      return [`for${by}`];
    case 'idle':
      return [];
    case 'lease_lost':
      return [detail === null ? 'its lease is lost' : printable(detail)];
    default:
      return [`${reason.replaceAll('_', ' ')}${by}${said}`];
  }
}

function quoted(comment: string | null): string {
  return comment === null ? '' : ` "${printable(comment)}"`;
}
