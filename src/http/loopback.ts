import { isIPv4 } from 'node:net';

/** Whether a `Host` header, with or without a port, names this machine's loopback interface. */
export function isLoopbackHost(header: string): boolean {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(header);
  const name = bracketed?.[1] ?? header.replace(/:\d+$/, '');
  return isLoopbackName(name);
}

/** Whether an address or name can only be this machine. */
export function isLoopbackName(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'localhost' || lower === '::1' || (isIPv4(lower) && lower.startsWith('127.'));
}
