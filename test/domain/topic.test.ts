import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alertTopic,
  decodeLevel,
  encodeLevel,
  matchesFilter,
  outputTopic,
  parseAlertTopic,
  parseCommandTopic,
  parseOutputTopic,
} from '../../src/domain/topic.ts';

describe('encodeLevel()', () => {
  test.each([
    ['freezer-1', 'freezer-1'],
    ['a/b+c#d%e', 'a%2Fb%2Bc%23d%25e'],
    ['Kühlraum 2', 'Kühlraum 2'],
    ['line\nbreak', 'line%0Abreak'],
    ['\u0085', '%C2%85'],
    ['limen.stale', 'limen.stale'],
  ])('encodes %j as %j', (name, level) => {
    expect(encodeLevel(name)).toBe(level);
    expect(decodeLevel(level)).toBe(name);
  });

  test('encodeLevel() gives one level without wildcards that decodes to the same name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const level = encodeLevel(name);
        expect(level).not.toMatch(/[/+#]/);
        expect(decodeLevel(level)).toBe(name);
      }),
    );
  });
});

describe('decodeLevel()', () => {
  test.each(['', '%', '%zz', '%C3', 'a%'])('refuses %j', (level) => {
    expect(decodeLevel(level)).toBeNull();
  });
});

describe('parseOutputTopic()', () => {
  test('parseOutputTopic() finds the output, and nothing in any other topic', () => {
    expect(parseOutputTopic('limen', outputTopic('limen', 'siren/1'))).toBe('siren/1');
    for (const topic of ['limen/outputs/siren/set', 'limen/outputs/', 'limen/outputs/%', 'x']) {
      expect(parseOutputTopic('limen', topic)).toBeNull();
    }
  });
});

describe('parseCommandTopic()', () => {
  test('parseCommandTopic() finds the alert and the verb, with encoded names', () => {
    const key = { rule: 'too/warm', device: 'freezer 1', metric: 'a+b' };
    const topic = alertTopic('limen', key);
    expect(topic).toBe('limen/alerts/too%2Fwarm/freezer 1/a%2Bb');
    expect(parseCommandTopic('limen', `${topic}/ack`)).toEqual({ kind: 'alert', key, verb: 'ack' });
    expect(parseAlertTopic('limen', topic)).toEqual(key);
  });

  test('parseCommandTopic() finds the output and the verb', () => {
    const topic = outputTopic('limen', 'siren/1');
    expect(parseCommandTopic('limen', `${topic}/set`)).toEqual({
      kind: 'output',
      output: 'siren/1',
      verb: 'set',
    });
  });

  test('parseCommandTopic() works below a prefix of several levels', () => {
    expect(parseCommandTopic('home/limen', 'home/limen/outputs/siren/reset')).toEqual({
      kind: 'output',
      output: 'siren',
      verb: 'reset',
    });
  });

  test.each([
    'limen/alerts/rule/device/metric',
    'limen/alerts/rule/device/metric/explode',
    'limen/alerts/rule/device/metric/ack/more',
    'limen/alerts/rule/device/ack',
    'limen/alerts//device/metric/ack',
    'limen/alerts/rule/%zz/metric/ack',
    'limen/outputs/siren',
    'limen/outputs/siren/ack',
    'limen/outputs//set',
    'limen/status',
    'other/alerts/rule/device/metric/ack',
  ])('parseCommandTopic() takes %j for no command', (topic) => {
    expect(parseCommandTopic('limen', topic)).toBeNull();
  });
});

describe('matchesFilter()', () => {
  test.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/', true],
    ['a/+', 'a/b/c', false],
    ['+/+', '/b', true],
    ['/+', '/b', true],
    ['+', '/b', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a/b', true],
    ['#', '/', true],
    ['#', '$SYS/uptime', false],
    ['+/uptime', '$SYS/uptime', false],
    ['$SYS/#', '$SYS/uptime', true],
    ['$SYS/+', '$SYS/uptime', true],
    ['a/$SYS/+', 'a/$SYS/b', true],
    ['+/$SYS', 'a/$SYS', true],
    ['a/#/b', 'a/x/b', false],
    ['a#', 'a#', false],
    ['a+', 'a+', false],
    ['a/b', 'a/b/', false],
    ['', '', true],
    ['sensors/+/temperature', 'sensors/freezer-1/temperature', true],
  ])('filter %j and topic %j: %j', (filter, topic, matches) => {
    expect(matchesFilter(filter, topic)).toBe(matches);
  });

  test('matchesFilter() agrees with a regular expression made from the filter', () => {
    const level = fc.constantFrom('', 'a', 'b', '$x', 'a.b');
    const topics = fc.array(level, { minLength: 1, maxLength: 4 });
    const filters = fc
      .tuple(
        fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
      )
      .map(([levels, rest]) => (rest ? [...levels, '#'] : levels));
    fc.assert(
      fc.property(filters, topics, (filter, topic) => {
        expect(matchesFilter(filter.join('/'), topic.join('/'))).toBe(
          referencePattern(filter).test(topic.join('/')),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

function referencePattern(filter: readonly string[]): RegExp {
  const first = filter[0] === '+' || filter[0] === '#' ? '(?!\\$)' : '';
  let source = '';
  filter.forEach((level, index) => {
    if (level === '#') source += index === 0 ? '.*' : '(/.*)?';
    else
      source +=
        (index === 0 ? '' : '/') +
        (level === '+' ? '[^/]*' : level.replaceAll('.', '\\.').replaceAll('$', '\\$'));
  });
  return new RegExp(`^${first}${source}$`);
}
