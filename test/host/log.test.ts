import { expect, test } from 'vitest';
import { createLog, type Log, type LogLevel } from '../../src/host/log.ts';

function logTo(
  lines: string[],
  options: { isTerminal?: boolean; hasColors?: boolean; levelMin?: LogLevel } = {},
): Log {
  const { isTerminal = true, hasColors = false, levelMin = 'debug' } = options;
  const sink = { write: (line: string) => void lines.push(line), isTerminal, hasColors, levelMin };
  return createLog(sink, () => new Date(2026, 10, 23, 7, 5, 9).getTime());
}

test('createLog() writes a readable line to a terminal, without what is null', () => {
  const lines: string[] = [];
  const log = logTo(lines);
  log.info('running', {
    site: 'green house',
    port: 1883,
    ok: true,
    none: null,
    nothing: undefined,
  });
  log.area('broker').warn('client refused', { reason: 'a="b"', empty: '' });
  expect(lines).toEqual([
    '07:05:09 info  limen     running site="green house" port=1883 ok=true\n',
    '07:05:09 warn  broker    client refused reason="a=\\"b\\"" empty=""\n',
  ]);
});

test('createLog() colors the level where the terminal can show it', () => {
  const lines: string[] = [];
  logTo(lines, { hasColors: true }).error('bad');
  expect(lines[0]).toContain('\u001B[31merror\u001B[0m');
});

test('createLog() writes one JSON object a line elsewhere', () => {
  const lines: string[] = [];
  logTo(lines, { isTerminal: false }).info('two\nlines', { name: 'a\u009Bb\u2028c', n: 1 });
  expect(lines).toHaveLength(1);
  const [line = ''] = lines;
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({
    at: new Date(2026, 10, 23, 7, 5, 9).getTime(),
    level: 'info',
    area: 'limen',
    message: 'two\nlines',
    name: 'a\u009Bb\u2028c',
    n: 1,
  });
  expect(line).not.toContain('\u009B');
});

test('createLog() lets no name from outside forge a line or speak to the terminal', () => {
  for (const isTerminal of [true, false]) {
    const lines: string[] = [];
    const evil = 'x\n07:05:09 info  limen     all is well\u001B[2J\r\u0000\u0085';
    logTo(lines, { isTerminal }).warn(`client ${evil}`, { client: evil });
    const [line = ''] = lines;
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
    expect(line.endsWith('\n')).toBe(true);
  }
});

test('createLog() leaves out what is below its level', () => {
  const lines: string[] = [];
  const log = logTo(lines, { levelMin: 'warn' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.area('x').error('d');
  expect(lines.map((line) => line.trim().at(-1))).toEqual(['c', 'd']);
});
