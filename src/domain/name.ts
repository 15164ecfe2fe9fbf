/** Longest name of a site, rule, device, metric, output or notifier. */
export const nameCharsMax = 256;

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacter = /[\u0000-\u001F\u007F-\u009F]/;

/** Whether a text has a control character: it could forge a log line, break a topic or a terminal. */
export function hasControlCharacter(text: string): boolean {
  return controlCharacter.test(text);
}

/** Whether a text can be a name (contract 1): anything without control characters. */
export function isName(text: string): boolean {
  return text !== '' && text.length <= nameCharsMax && !hasControlCharacter(text);
}

/** Whether only Limen itself gives this name (contract 1). */
export function isReservedName(name: string): boolean {
  return name.startsWith('limen.');
}
