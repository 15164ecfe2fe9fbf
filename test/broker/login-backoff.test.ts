import { expect, test } from 'vitest';
import { LoginBackoff } from '../../src/broker/login-backoff.ts';

function createBackoff(): { backoff: LoginBackoff; advance(ms: number): void } {
  let nowMs = 0;
  return {
    backoff: new LoginBackoff(() => nowMs),
    advance(ms) {
      nowMs += ms;
    },
  };
}

test('LoginBackoff lets five logins fail at once, then makes the address wait 1 s to 10 s', () => {
  const { backoff } = createBackoff();
  const delays = Array.from({ length: 11 }, () => {
    const delayMs = backoff.delayMs('192.0.2.1');
    backoff.failed('192.0.2.1');
    return delayMs;
  });
  expect(delays).toEqual([0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  expect(backoff.delayMs('192.0.2.2')).toBe(0);
});

test('LoginBackoff forgets failures after a minute without one', () => {
  const { backoff, advance } = createBackoff();
  for (let n = 0; n < 7; n++) backoff.failed('a');
  advance(60_000);
  expect(backoff.delayMs('a')).toBe(4_000);
  advance(1);
  expect(backoff.delayMs('a')).toBe(0);
  backoff.failed('a');
  expect(backoff.delayMs('a')).toBe(0);
});

test('LoginBackoff remembers a bounded number of addresses, those that failed last', () => {
  const { backoff } = createBackoff();
  for (let n = 0; n < 5; n++) for (const address of ['first', 'second']) backoff.failed(address);
  backoff.failed('first');
  for (let n = 0; n < 1_023; n++) backoff.failed(`192.0.2.${n}`);
  expect(backoff.delayMs('second')).toBe(0);
  expect(backoff.delayMs('first')).toBe(2_000);
});

test('LoginBackoff lets a bounded number of logins of one address wait', () => {
  const { backoff } = createBackoff();
  for (let n = 0; n < 16; n++) expect(backoff.enter('a')).toBe(true);
  expect(backoff.enter('a')).toBe(false);
  expect(backoff.enter('b')).toBe(true);
  expect(backoff.waiting).toBe(17);
  backoff.leave('a');
  expect(backoff.enter('a')).toBe(true);
});
