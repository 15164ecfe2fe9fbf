import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTestFile, parseTestFile } from '../../../src/config/tests/test-file.ts';
import { formatProblem } from '../../../src/config/text/problem.ts';
import type { Move } from '../../../src/domain/rehearsal.ts';
import { temporaryDirectory } from '../../http/fake-api.ts';
import { testMistakes } from '../test-mistakes.ts';

const path = '/nowhere/x.test.yaml';
const config = 'config: { rules: { warm: { points: "*/*", above: 5 } } }\n';

async function movesOf(steps: string): Promise<readonly Move[]> {
  const loaded = await parseTestFile(
    `${config}tests: [{ name: x, steps: [${steps}], events: [] }]`,
    path,
  );
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.file.tests[0]?.moves ?? [];
}

describe('parseTestFile() reports', () => {
  it.each(testMistakes.map((mistake) => [mistake.message, mistake] as const))(
    '%s',
    async (_, mistake) => {
      const before = mistake.text.slice(0, mistake.text.indexOf('¦')).split('\n');
      const loaded = await parseTestFile(mistake.text.replace('¦', ''), path);
      if (loaded.ok) throw new Error('the mistake was accepted');
      const found = loaded.problems.map(({ line, column, message, allowed, suggestion }) => ({
        place: `${line}:${column}`,
        message,
        // Some lists are long; their beginning is enough.
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
    },
  );

  it('all mistakes at once, those of the config too, in the words of no library', async () => {
    const text = `config: { rules: { warm: { points: a/b } } }\ntests: [{ name: x, steps: [{ at: 1, form: 2 }] }]`;
    const loaded = await parseTestFile(text, path);
    expect(loaded.ok ? [] : loaded.problems.map(({ message }) => message)).toEqual([
      'found the number 1',
      'unknown key "form"',
      expect.stringContaining('rule'),
    ]);
  });
});

describe('parseTestFile()', () => {
  it('never throws on any text', async () => {
    const words = [
      'tests:',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      ': ',
      'at',
      '1m',
      'a/b',
      'expect',
      'every',
      '[',
      ']',
      'name',
    ];
    const text = fc
      .array(fc.constantFrom(...words), { maxLength: 50 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, async (parts) => {
        const loaded = await parseTestFile(`${config}${parts}`, path);
        if (loaded.ok) return;
        expect(loaded.problems.length).toBeGreaterThan(0);
        for (const problem of loaded.problems)
          expect(formatProblem(problem)).not.toMatch(/Invalid \w+: (?:Expected|Received)/);
      }),
      { numRuns: 300 },
    );
  });

  it('writes every: out, values in turn, from the step above until another step has the point', async () => {
    const moves = await movesOf(
      '{ at: 1m, a/b: 0 }, { every: 30s, a/b: [1, 2] }, { at: 2m30s, a/b: 9 }',
    );
    const shown = moves.map((move) => (move.kind === 'reading' ? [move.atMs, move.text] : move));
    expect(shown).toEqual([
      [60_000, '0'],
      [60_000, '1'],
      [90_000, '2'],
      [120_000, '1'],
      [150_000, '9'],
    ]);
  });

  it('keeps a value as it is written, and takes a number with a unit apart', async () => {
    const moves = await movesOf(
      '{ at: 0s, a/b: -18.40, c/d: 5 °F, e/f: open, g/h: { value: 1 bar, age: 3m } }',
    );
    expect(moves).toMatchObject([
      { device: 'a', metric: 'b', text: '-18.40', unit: null },
      { text: '5', unit: '°F' },
      { text: 'open', unit: null },
      { text: '1', unit: 'bar', ageMs: 180_000 },
    ]);
  });

  it('makes two moves of a restart, and orders what happens at one time as the file does', async () => {
    const moves = await movesOf(
      '{ at: 1m, restart: { down: 2m } }, { every: 1m, from: 1m, to: 3m, a/b: 1 }',
    );
    expect(moves.map(({ kind, atMs }) => `${kind} ${atMs / 60_000}`)).toEqual([
      'kill 1',
      'reading 1',
      'reading 2',
      'start 3',
      'reading 3',
    ]);
  });
});

describe('loadTestFile()', () => {
  it('takes the config of its own name, else limen.yaml, and tells the problems of both files', async () => {
    using folder = temporaryDirectory();
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder.path, name), text);
      return join(folder.path, name);
    };
    file('limen.yaml', 'site: house\n');
    file('shed.yaml', 'site: shed\n');
    const tests = 'tests: [{ name: x, steps: [{ at: 0s, a/b: 1 }], events: [] }]';
    const siteOf = async (name: string, options = {}): Promise<string> => {
      const loaded = await loadTestFile(file(name, tests), options);
      return loaded.ok ? loaded.file.config.site : 'refused';
    };
    expect(await siteOf('shed.test.yaml')).toBe('shed');
    expect(await siteOf('other.test.yaml')).toBe('house');
    mkdirSync(join(folder.path, 'sub'));
    expect(await siteOf('sub/own.test.yaml', { config: join(folder.path, 'shed.yaml') })).toBe(
      'shed',
    );
    const broken = file('shed.yaml', 'siet: shed\n');
    const loaded = await loadTestFile(file('shed.test.yaml', 'tests: []'));
    expect(loaded.ok ? [] : loaded.problems.map((problem) => problem.file)).toEqual([
      join(folder.path, 'shed.test.yaml'),
      broken,
    ]);
    expect(await loadTestFile(join(folder.path, 'none.test.yaml'))).toMatchObject({ ok: false });
  });
});
