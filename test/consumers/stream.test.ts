import { describe, expect, test } from 'vitest';
import { createStream } from '../../src/consumers/stream.ts';
import type { StreamLine } from '../../src/domain/api.ts';
import { limits } from '../../src/domain/limits.ts';
import { createMetrics } from '../../src/host/metrics.ts';
import { memoryLog } from './fixtures.ts';

const line: StreamLine = { kind: 'alert', alert: {}, from: 'normal', to: 'active' };

function bench() {
  const metrics = createMetrics();
  return { stream: createStream({ log: memoryLog(), metrics }), metrics };
}

describe('createStream()', () => {
  test('emit() calls every listener at once, in the order they came', () => {
    const { stream } = bench();
    const heard: string[] = [];
    stream.watch(() => void heard.push('first'));
    stream.watch(() => void heard.push('second'));
    stream.emit(line);
    expect(heard).toEqual(['first', 'second']);
  });

  test('hasListeners is true only while somebody watches', () => {
    const { stream } = bench();
    expect(stream.hasListeners).toBe(false);
    const watching = stream.watch(() => {});
    expect(stream.hasListeners).toBe(true);
    watching.stop();
    expect(stream.hasListeners).toBe(false);
  });

  test('emit() cuts a listener that throws or cannot keep up, and goes on with the others', () => {
    const { stream, metrics } = bench();
    const cut: string[] = [];
    let heard = 0;
    stream.watch(
      () => {
        throw new Error('gone');
      },
      () => void cut.push('throws'),
    );
    stream.watch(
      () => false,
      () => void cut.push('slow'),
    );
    stream.watch(() => void (heard += 1));
    stream.emit(line);
    stream.emit(line);
    expect(cut).toEqual(['throws', 'slow']);
    expect(heard).toBe(2);
    expect(metrics.text()).toContain('limen_stream_cut_total 2');
  });

  test('emit() lets a listener stop itself while it is called', () => {
    const { stream } = bench();
    let heard = 0;
    const watching = stream.watch(() => {
      heard += 1;
      watching.stop();
    });
    stream.emit(line);
    stream.emit(line);
    expect(heard).toBe(1);
  });

  test('watch() cuts one listener too many at once', () => {
    const { stream } = bench();
    let cut = 0;
    for (let n = 0; n <= limits.streamListenersMax; n += 1) {
      stream.watch(
        () => {},
        () => void (cut += 1),
      );
    }
    expect(cut).toBe(1);
  });
});
