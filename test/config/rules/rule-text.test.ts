import { describe, expect, test } from 'vitest';
import { findRuleText } from '../../../src/config/rules/rule-text.ts';

const config = `site: here
rules:
  # The oven.
  hot:
    points: oven/heat
    # Where the paint melts.
    above: 100

  # The cellar.
  "cold: really":
    points: '*/cold'
    below: 3
outputs: {}
`;

describe('findRuleText()', () => {
  test('findRuleText() is the lines of the rule as they are written, with the number of the first one', () => {
    expect(findRuleText(config, 'hot')).toEqual({
      line: 4,
      text: '  hot:\n    points: oven/heat\n    # Where the paint melts.\n    above: 100',
    });
    expect(findRuleText(config, 'cold: really')).toEqual({
      line: 10,
      text: `  "cold: really":\n    points: '*/cold'\n    below: 3`,
    });
  });

  test('findRuleText() takes the whole line of a rule in a line', () => {
    const line = 'rules: { hot: { points: oven/heat, above: 100 } }';
    expect(findRuleText(`site: here\n${line}\n`, 'hot')).toEqual({ line: 2, text: line });
    const crlf = 'rules:\r\n  hot: { points: a/b, above: 1 }\r\n';
    expect(findRuleText(crlf, 'hot')?.text).toBe('  hot: { points: a/b, above: 1 }');
  });

  test.each(['', 'rules:', 'rules: [', '{', 'rules: { toString: 1 }'])(
    'findRuleText() is null where there is no such rule: %j',
    (text) => {
      expect(findRuleText(text, 'hot')).toBeNull();
    },
  );
});
