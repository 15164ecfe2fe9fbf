import { once } from 'node:events';
import type { WriteStream } from 'node:tty';

/** Somewhere to print to. */
export interface Terminal {
  readonly isTerminal: boolean;
  readonly hasColors: boolean;
  /** Columns of the terminal; null if it is none. */
  readonly columns: number | null;
  /** Resolves when the stream takes more: whoever prints without end must wait for it. */
  write(text: string): Promise<void>;
}

export type Color = 'red' | 'yellow' | 'cyan' | 'green' | 'dim' | 'bold';

const codes: Readonly<Record<Color, string>> = {
  red: '31',
  yellow: '33',
  cyan: '36',
  green: '32',
  dim: '2',
  bold: '1',
};

/** A stream of the process as a terminal. Colours are used on a terminal only and never with NO_COLOR. */
export function createTerminal(stream: WriteStream, environment: NodeJS.ProcessEnv): Terminal {
  // The types promise a terminal; a pipe or a file has no `isTTY` at all.
  const isTerminal = Boolean(stream.isTTY);
  const refused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return {
    isTerminal,
    hasColors: isTerminal && !refused,
    columns: isTerminal ? stream.columns : null,
    async write(text) {
      if (!stream.write(text)) await once(stream, 'drain');
    },
  };
}

/** The text in a colour, if the terminal has any. */
export function paint(terminal: Pick<Terminal, 'hasColors'>, color: Color, text: string): string {
  return terminal.hasColors ? `\u001B[${codes[color]}m${text}\u001B[0m` : text;
}
