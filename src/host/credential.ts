import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

// OWASP's minimum for scrypt, 2^15 * 8 * 3: about 100 ms on a Raspberry Pi 4, 32 MB for the time of a login.
const cost = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 } as const;
const keyBytes = 32;
const saltBytes = 16;

/** Derives what is stored of a password: `scrypt$N$r$p$salt$key`, the last two in base64. */
export async function createCredential(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await derive(password, salt, cost.N, cost.r, cost.p);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), key.toString('base64')].join(
    '$',
  );
}

/** Whether the password belongs to the credential. A credential of unknown form belongs to no password. */
export async function verifyCredential(password: string, credential: string): Promise<boolean> {
  const [kind, n, r, p, salt, key] = credential.split('$');
  if (kind !== 'scrypt' || salt === undefined || key === undefined) return false;
  const wanted = Buffer.from(key, 'base64');
  const salted = Buffer.from(salt, 'base64');
  let found: Buffer;
  try {
    found = await derive(password, salted, Number(n), Number(r), Number(p));
  } catch {
    return false;
  }
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

function derive(password: string, salt: Buffer, N: number, r: number, p: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, { N, r, p, maxmem: cost.maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
