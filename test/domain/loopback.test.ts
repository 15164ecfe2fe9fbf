import { expect, test } from 'vitest';
import { isLoopbackHost, isLoopbackName } from '../../src/domain/loopback.ts';

test('isLoopbackName() knows the addresses of this machine alone', () => {
  for (const name of ['localhost', 'LocalHost', '127.0.0.1', '127.9.8.255', '::1', '[::1]'])
    expect(isLoopbackName(name)).toBe(true);
  for (const name of [
    '0.0.0.0',
    '::',
    '192.168.1.2',
    'example.org',
    '127.0.0.1.example.org',
    '127.0.0',
    '127.0.0.256',
    '',
  ])
    expect(isLoopbackName(name)).toBe(false);
});

test('isLoopbackHost() takes a port or none', () => {
  for (const host of ['localhost', 'localhost:1883', '127.0.0.1:80', '[::1]', '[::1]:9001'])
    expect(isLoopbackHost(host)).toBe(true);
  for (const host of ['', ':80', 'localhost:x', 'evil.example:80', '[::2]:80', '[localhost'])
    expect(isLoopbackHost(host)).toBe(false);
});
