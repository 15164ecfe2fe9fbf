import { expect, test } from 'vitest';
import { SeldomLog } from '../../src/broker/seldom-log.ts';
import type { LogFields } from '../../src/host/log.ts';
import { memoryLog } from '../consumers/fixtures.ts';

function createSeldomLog() {
  let nowMs = 0;
  const fields: LogFields[] = [];
  const suppressed = { value: 0 };
  const log = {
    ...memoryLog(),
    warn: (_message: string, each: LogFields = {}) => void fields.push(each),
  };
  return {
    log: new SeldomLog(log, suppressed, () => nowMs),
    fields,
    suppressed,
    advance(ms: number) {
      nowMs += ms;
    },
  };
}

test('SeldomLog writes one line of a kind in 10 s, and how many it left out', () => {
  const { log, fields, suppressed, advance } = createSeldomLog();
  for (let n = 1; n <= 100; n++) log.warn('login refused', 'a', { n });
  log.warn('login refused', 'b', { n: 101 });
  log.warn('client refused', 'a', { n: 102 });
  expect(fields).toEqual([{ n: 1 }, { n: 101 }, { n: 102 }]);
  advance(9_999);
  log.warn('login refused', 'a', { n: 103 });
  advance(1);
  log.warn('login refused', 'a', { n: 104 });
  log.warn('login refused', 'b', { n: 105 });
  expect(fields.slice(3)).toEqual([{ n: 104, left_out: 100 }, { n: 105 }]);
  expect(suppressed.value).toBe(100);
});

test('SeldomLog writes a bounded number of lines, however many kinds there are', () => {
  const { log, fields, suppressed, advance } = createSeldomLog();
  for (let n = 0; n < 10_000; n++) log.warn('client refused', `client ${n}`, { n });
  expect(fields).toHaveLength(256);
  expect(suppressed.value).toBe(10_000 - 256);
  advance(10_000);
  log.warn('client refused', 'client 9999', {});
  expect(fields).toHaveLength(257);
});
