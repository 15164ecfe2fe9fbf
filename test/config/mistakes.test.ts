import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linePatternProblem } from '../../src/codecs/line-pattern.ts';
import { parseConfig, type Loaded } from '../../src/config/parse.ts';
import { formatProblem } from '../../src/config/text/problem.ts';
import { mistakes } from './mistakes.ts';

const directory = import.meta.dirname;
const shipped = readFileSync(resolve(directory, '../../config/limen.yaml'), 'utf8');

function parse(text: string): Loaded {
  const scenarios = ['cold-room', 'boiler'];
  const findPatternProblem = linePatternProblem;
  return parseConfig(text, { file: 'limen.yaml', directory, scenarios, findPatternProblem });
}

describe('parseConfig() reports', () => {
  it.each(mistakes.map((mistake) => [mistake.message, mistake] as const))('%s', (_, mistake) => {
    const offset = mistake.text.indexOf('¦');
    const before = mistake.text.slice(0, offset).split('\n');
    const loaded = parse(mistake.text.replace('¦', ''));
    if (loaded.ok) throw new Error('the mistake was accepted');
    const found = loaded.problems.map(({ line, column, message, allowed, suggestion }) => ({
      place: `${line}:${column}`,
      message,
      // The list of units is long; its beginning is enough.
      allowed: allowed?.slice(0, mistake.allowed?.length) ?? null,
      suggestion,
    }));
    expect(found).toEqual([
      {
        place: `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`,
        message: mistake.message,
        allowed: mistake.allowed,
        suggestion: mistake.suggestion ?? null,
      },
    ]);
  });

  it('at least 60 different mistakes', () => {
    expect(mistakes.length).toBeGreaterThanOrEqual(60);
  });
});

describe('parseConfig()', () => {
  it('never throws on any text, and places every problem inside it', () => {
    const words = [
      'rules:',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '*',
      '&a ',
      '*a',
      '"',
      "'",
      '|',
      'above',
      '5 °C',
      '#',
      '\t',
      '?',
      '!x',
      '%',
      'points',
      'a/b',
      ',',
    ];
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join('')),
    );
    fc.assert(fc.property(text, checkAnswer), { numRuns: 1_000 });
  });

  it('never throws on a shipped config with a few edits', () => {
    const edit = fc.record({
      at: fc.nat(shipped.length),
      remove: fc.nat(12),
      insert: fc.oneof(
        fc.string({ maxLength: 4 }),
        fc.constantFrom(
          '*',
          '- ',
          ': ',
          '{',
          '[',
          '"',
          '\n',
          '\n  ',
          'null',
          '-1',
          'on',
          '&x ',
          '*x',
        ),
      ),
    });
    const text = fc
      .array(edit, { minLength: 1, maxLength: 6 })
      .map((edits) =>
        edits.reduce(
          (present, { at, remove, insert }) =>
            present.slice(0, at) + insert + present.slice(at + remove),
          shipped,
        ),
      );
    fc.assert(fc.property(text, checkAnswer), { numRuns: 500 });
  });

  function checkAnswer(text: string): void {
    const loaded = parse(text);
    if (loaded.ok) return;
    const lines = text.split('\n');
    expect(loaded.problems.length).toBeGreaterThan(0);
    for (const problem of loaded.problems) {
      expect(problem.column).toBeLessThanOrEqual((lines[problem.line - 1]?.length ?? -1) + 1);
      // Words of the schema library would tell a reader nothing.
      expect(formatProblem(problem)).not.toMatch(/Invalid \w+: (?:Expected|Received)/);
    }
  }
});
