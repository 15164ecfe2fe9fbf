/** A text as one word of a command line, to be copied from a message. */
export function shellWord(text: string): string {
  return /[^\w./:@+-]/.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : text;
}
