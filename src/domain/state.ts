const switchWords: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['off', false],
  ['true', true],
  ['false', false],
  ['yes', true],
  ['no', false],
]);

/** What a word for a switch means, in any case; null: it is none. */
export function readSwitchWord(word: string): boolean | null {
  // No such word is longer, and a text may be long.
  return word.length <= 5 ? (switchWords.get(word.toLowerCase()) ?? null) : null;
}

/**
 * Index of a state among those of a point; -1: it never had that. Beside `idle` and `running` `off` is a state as well,
 * and there as elsewhere `OFF`, `no` and `false` are the same.
 */
export function findState(states: readonly string[], state: number | boolean | string): number {
  const exact = states.indexOf(String(state));
  if (exact >= 0 || typeof state === 'number') return exact;
  const meaning = typeof state === 'boolean' ? state : readSwitchWord(state);
  return meaning === null ? -1 : states.findIndex((each) => readSwitchWord(each) === meaning);
}
