import { configLimits } from '../limits.ts';
import { quote } from './problem.ts';

/** A problem of the text itself, whose place is still an offset. */
export interface Finding {
  readonly offset: number;
  readonly message: string;
  readonly allowed: string | null;
  readonly suggestion: string | null;
}

/** What is said wherever maps and lists nest too deeply. */
export function tooDeep(offset: number): Finding {
  return {
    offset,
    message: 'maps and lists nest too deeply',
    allowed: `at most ${configLimits.depthMax} levels`,
    suggestion: null,
  };
}

/** What is said of `*` at the start of an unquoted text. */
export function bareGlob(offset: number, text: string): Finding {
  return {
    offset,
    message: `${quote(text)} without quotes is an alias in YAML`,
    allowed: 'a glob that begins with * in quotes',
    suggestion: text.length > configLimits.nameCharsMax ? null : JSON.stringify(text),
  };
}
