import { expect, test } from 'vitest';
import { createMetrics } from '../../src/host/metrics.ts';

test('createMetrics() writes counters and gauges in the text format, each family once', () => {
  const metrics = createMetrics();
  metrics.counter('limen_a_total', 'What a is', { kind: 'x' }).value += 2;
  metrics.counter('limen_a_total', 'What a is', { kind: 'y' });
  metrics.counter('limen_a_total', 'What a is', { kind: 'x' }).value++;
  let level = 1.5;
  metrics.gauge('limen_b', 'What b is', () => level);
  expect(metrics.text()).toBe(
    '# HELP limen_a_total What a is\n# TYPE limen_a_total counter\n' +
      'limen_a_total{kind="x"} 3\nlimen_a_total{kind="y"} 0\n' +
      '# HELP limen_b What b is\n# TYPE limen_b gauge\nlimen_b 1.5\n',
  );
  level = 7;
  metrics.gauge('limen_b', 'What b is', () => level + 1);
  expect(metrics.text()).toContain('limen_b 8\n');
});

test('createMetrics() escapes labels', () => {
  const metrics = createMetrics();
  metrics.counter('limen_a_total', 'a', { name: 'a"b\\c\nd' });
  expect(metrics.text()).toContain('limen_a_total{name="a\\"b\\\\c\\nd"} 0\n');
});

test('createMetrics() counts observations of a histogram up to each bound', () => {
  const metrics = createMetrics();
  const histogram = metrics.histogram('limen_h_seconds', 'h', [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 2]) histogram.observe(value);
  expect(metrics.text()).toBe(
    '# HELP limen_h_seconds h\n# TYPE limen_h_seconds histogram\n' +
      'limen_h_seconds_bucket{le="0.1"} 2\nlimen_h_seconds_bucket{le="1"} 3\n' +
      'limen_h_seconds_bucket{le="+Inf"} 4\nlimen_h_seconds_sum 2.65\nlimen_h_seconds_count 4\n',
  );
});
