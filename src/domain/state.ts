const switchWords: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['off', false],
  ['true', true],
  ['false', false],
  ['yes', true],
  ['no', false],
]);

/** Whether a word says that something is on; null: it says something else. */
export function readSwitchWord(text: string): boolean | null {
  return text.length > 5 ? null : (switchWords.get(text.toLowerCase()) ?? null);
}

/**
 * The place of a state among those a point was in; -1: it was never in it. `off`, `OFF`, `no` and false are one state, in
 * whatever spelling it came first: a rule says it in another one than the device.
 */
export function stateIndex(states: readonly string[], state: number | boolean | string): number {
  const isOn = switchOf(state);
  return isOn === null
    ? states.indexOf(String(state))
    : states.findIndex((known) => readSwitchWord(known) === isOn);
}

/** Whether two states are the same, whatever the spelling of either. */
export function isState(
  value: number | boolean | string,
  state: number | boolean | string,
): boolean {
  const [one, other] = [value, state].map((each) => switchOf(each) ?? each);
  return one === other;
}

function switchOf(state: number | boolean | string): boolean | null {
  if (typeof state === 'string') return readSwitchWord(state);
  return typeof state === 'boolean' ? state : null;
}
