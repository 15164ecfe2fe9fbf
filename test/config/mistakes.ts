import type { MistakeCase } from './mistake-case.ts';
import { activeWhenMistakes } from './mistakes-of-active-when.ts';
import { boardMistakes } from './mistakes-of-boards.ts';
import { firmataMistakes } from './mistakes-of-firmata.ts';
import { compounds } from './mistakes-of-compounds.ts';
import { meaning } from './mistakes-of-meaning.ts';
import { references } from './mistakes-of-reference.ts';
import { shape, syntax } from './mistakes-of-shape.ts';
import { outputMistakes } from './mistakes-of-outputs.ts';
import { overrides } from './mistakes-of-overrides.ts';
import { expressions } from './mistakes-of-expressions.ts';
import { serial } from './mistakes-of-serial.ts';
import { windows } from './mistakes-of-windows.ts';

/** Every mistake there is a case for. */
export const mistakes: readonly MistakeCase[] = [
  ...syntax,
  ...shape,
  ...references,
  ...meaning,
  ...windows,
  ...overrides,
  ...activeWhenMistakes,
  ...compounds,
  ...expressions,
  ...outputMistakes,
  ...boardMistakes,
  ...serial,
  ...firmataMistakes,
];
