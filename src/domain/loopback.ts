/** Whether a `Host` header, with or without a port, names this machine's loopback interface. */
export function isLoopbackHost(header: string): boolean {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(header);
  const name = bracketed?.[1] ?? header.replace(/:\d+$/, '');
  return isLoopbackName(name);
}

/** Whether an address or name can only be this machine; an IPv6 address may stand in brackets. */
export function isLoopbackName(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    lower === 'localhost' ||
    lower === '::1' ||
    lower === '[::1]' ||
    /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(lower)
  );
}
