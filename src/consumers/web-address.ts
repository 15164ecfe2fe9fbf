/** Where a request goes, and the headers that sign it: fetch refuses an address that carries a name and password. */
export function splitCredentials(address: URL): {
  readonly target: URL;
  readonly headers: Headers;
} {
  const { username, password } = address;
  const target = new URL(address);
  target.username = '';
  target.password = '';
  const headers = new Headers();
  if (username !== '' || password !== '') {
    const pair = `${decode(username)}:${decode(password)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  }
  return { target, headers };
}

// A per cent sign may stand for itself.
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
