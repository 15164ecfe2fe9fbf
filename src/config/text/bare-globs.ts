/**
 * A glob that begins with `*`, unquoted, is an alias to YAML, and as a key it breaks the rest of the file. So every `*`
 * that cannot be an alias of this file is replaced by a private character before parsing: all columns stay, the text
 * parses as plain text, and the reader of the tree reports it and puts the `*` back.
 */
export interface MarkedText {
  readonly text: string;
  /** Stands for `*`; occurs nowhere else in the text. */
  readonly mark: string;
}

/** Replaces each `*` at the start of a word that is not the alias of an anchor in the same text. */
export function markBareGlobs(text: string): MarkedText {
  const mark = freeCharacter(text);
  const anchors = new Set(Array.from(text.matchAll(/&([^\s,[\]{}]+)/g), (match) => match[1]));
  const marked = text.replaceAll(/(^|[\s[{,])\*([^\s,[\]{}]*)/g, (whole, before, name: string) =>
    anchors.has(name) ? whole : `${before}${mark}${name}`,
  );
  return { text: marked, mark };
}

// The first private-use character the text does not contain; a config that uses all 6,400 of them is read without.
function freeCharacter(text: string): string {
  for (let code = 0xe000; code <= 0xf8ff; code += 1) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) return character;
  }
  return '*';
}
