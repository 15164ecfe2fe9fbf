/** What a character display can do. */
export interface CharacterDisplay {
  clear(): void;
  cursor(row: number, column: number): void;
  write(code: number): void;
}

// A character takes some fifty bytes on the wire: what is urgent goes between two of them.
const characterMs = 10;
/** The degree sign of an HD44780. */
const degree = 0xdf;

/** Shows one text at a time; a new one takes the place of what is still to be written. */
export function createTextDisplay(
  display: CharacterDisplay,
  size: { readonly columns: number; readonly rows: number },
): { show(text: string): void } {
  let shown = '';
  let steps: (() => void)[] = [];
  let timer: NodeJS.Timeout | null = null;
  const step = (): void => {
    steps.shift()?.();
    timer = steps.length === 0 ? null : setTimeout(step, characterMs);
  };
  return {
    show(text) {
      if (text === shown) return;
      shown = text;
      steps = [() => display.clear()];
      for (const [row, line] of linesOf(text, size).entries()) {
        steps.push(() => display.cursor(row, 0));
        for (const character of line) steps.push(() => display.write(codeOf(character)));
      }
      if (timer === null) step();
    },
  };
}

/** Breaks a text between words, as many lines as there are; a word that is too long is cut. */
export function linesOf(
  text: string,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of plain(text)
    .split(/\s+/)
    .filter((each) => each !== '')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (line.length > columns) {
      lines.push(line.slice(0, columns));
      line = line.slice(columns);
    }
  }
  if (line !== '') lines.push(line);
  return lines.slice(0, rows);
}

// The display knows ASCII and the degree sign.
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\x20-\x7e°\s]/gu, '?');
}

function codeOf(character: string): number {
  return character === '°' ? degree : (character.codePointAt(0) ?? degree);
}
