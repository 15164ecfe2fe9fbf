import { expect, test } from 'vitest';
import { createCredential, verifyCredential } from '../../src/host/credential.ts';

test('verifyCredential() knows the password, and no other; two credentials of one password differ', async () => {
  const [one, two] = await Promise.all([createCredential('päss wörd'), createCredential('')]);
  expect(one).toMatch(/^scrypt\$32768\$8\$3\$[\w+/]+=*\$[\w+/]+=*$/);
  expect(await verifyCredential('päss wörd', one)).toBe(true);
  expect(await verifyCredential('pass word', one)).toBe(false);
  expect(await verifyCredential('', two)).toBe(true);
  expect(one.split('$')[4]).not.toBe(two.split('$')[4]);
});

test('verifyCredential() of a credential of unknown form belongs to no password', async () => {
  for (const credential of [
    '',
    'plain',
    'md5$1$2$3$4$5',
    'scrypt$1',
    'scrypt$x$8$1$AAAA$AAAA',
    'scrypt$3$8$1$AAAA$AAAA',
    'scrypt$-1$8$1$AAAA$AAAA',
    'scrypt$1048576$8$1$AAAA$AAAA',
    'scrypt$2$1$1$AAAA$',
  ])
    expect(await verifyCredential('', credential)).toBe(false);
});
