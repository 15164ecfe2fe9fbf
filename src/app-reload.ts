import type { Config } from './domain/config.ts';
import type { Log } from './host/log.ts';
import { ruleDifference } from './rules/config-difference.ts';

/** Names of rules that a line of the log lists. */
const namesMax = 20;

/** Says what a reload did to the rules: how many, and of those that it touched what was kept. */
export function logReload(log: Log, before: Config, after: Config): void {
  const { unchanged, judgedAnew, inPlace, added, removed } = ruleDifference(
    before.rules,
    after.rules,
  );
  const changed = judgedAnew.length + inPlace.length;
  log.info(
    `rules: ${unchanged.length} unchanged, ${changed} changed, ${added.length} added, ${removed.length} removed`,
  );
  const tell = (what: string, names: readonly string[]): void => {
    if (names.length > 0) log.info(what, { rules: listOf(names) });
  };
  tell('changed in judgement: states kept, judged anew, running delays began again', judgedAnew);
  tell('changed in place: states and running delays kept', inPlace);
  tell('added', added);
  tell('removed: their alerts ended, what they held was released', removed);
}

function listOf(names: readonly string[]): string {
  const more = names.length - namesMax;
  const shown = names.slice(0, namesMax).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
