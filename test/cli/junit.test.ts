import { expect, test } from 'vitest';
import { junitXml } from '../../src/cli/junit.ts';
import type { Outcome } from '../../src/domain/rehearsal.ts';

function outcome(part: Partial<Outcome>): Outcome {
  return {
    name: 'x',
    line: 1,
    column: 1,
    spanMs: 0,
    failures: [],
    timeline: [],
    events: [],
    ...part,
  };
}

test('junitXml() gives a suite a file and a case a test, with counts and times', () => {
  const failure = {
    line: 7,
    column: 5,
    atMs: 660_000,
    subject: 'warm',
    differences: [{ what: 'state', expected: 'active', actual: 'pending' }],
    diff: [],
  };
  const events = {
    line: 9,
    column: 5,
    atMs: null,
    subject: 'events',
    differences: [],
    diff: [{ sign: '-' as const, text: '{ to: active }' }],
  };
  const xml = junitXml(
    [
      {
        file: 'a.test.yaml',
        configFile: 'a.yaml',
        outcomes: [
          { outcome: outcome({ name: 'passes' }), tookMs: 2 },
          { outcome: outcome({ name: 'fails', line: 5, failures: [failure, events] }), tookMs: 3 },
        ],
      },
    ],
    1_234,
  );
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="limen" tests="2" failures="1" errors="0" time="1.234">
  <testsuite name="a.test.yaml" tests="2" failures="1" errors="0" time="0.005">
    <testcase name="passes" classname="a.test.yaml" file="a.test.yaml" line="1" time="0.002"/>
    <testcase name="fails" classname="a.test.yaml" file="a.test.yaml" line="5" time="0.003">
      <failure message="warm at 11m: state expected active, was pending; events: not as expected" type="expectation">a.test.yaml:7:5: warm at 11m: state expected active, was pending&#10;a.test.yaml:9:5: events: not as expected&#10;- { to: active }</failure>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test('junitXml() escapes what XML does not take', () => {
  const name = `<a> & "b" \u0000\u001B \uD800`;
  const xml = junitXml(
    [{ file: 'a', configFile: 'a', outcomes: [{ outcome: outcome({ name }), tookMs: 0 }] }],
    0,
  );
  expect(xml).toContain('name="&lt;a&gt; &amp; &quot;b&quot; �� �"');
});
