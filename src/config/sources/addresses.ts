import { quote, type Path } from '../text/problem.ts';
import type { Context } from '../context.ts';

/** The parts of `scheme://host:port`. */
export interface Address {
  readonly scheme: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number | null;
}

/** What an address may be, where it stands. */
export interface AddressRule {
  readonly schemes: readonly string[];
  /** Schemes of the contract that this version does not act on. */
  readonly laterSchemes: readonly string[];
  /** Shown in messages. */
  readonly example: string;
}

/** Reads an address; null and a problem if it is not one of this kind. */
export function readAddress(
  context: Context,
  path: Path,
  text: string,
  rule: AddressRule,
): Address | null {
  const allowed = rule.schemes.map((scheme) => `${scheme}://host:port`).join(' or ');
  const fail = (message: string, suggestion: string | null = null): null => {
    context.report.problem(path, {
      message,
      allowed: `${allowed}, such as ${rule.example}`,
      suggestion,
    });
    return null;
  };
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  if (match === null) {
    return fail(
      `${quote(text)} is not an address`,
      looksLikeHost(text) ? `${rule.schemes[0] ?? ''}://${text}` : null,
    );
  }
  const scheme = (match[1] ?? '').toLowerCase();
  if (rule.laterSchemes.includes(scheme)) {
    return fail(`${scheme}:// is not in this version of Limen`);
  }
  if (!rule.schemes.includes(scheme)) return fail(`unknown scheme ${quote(`${scheme}://`)}`);
  const rest = match[2] ?? '';
  if (rest.includes('@')) return fail('a user name has no place in the address');
  const parts = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?(\/.*)?$/i.exec(rest);
  if (parts === null) return fail(`${quote(text)} is not an address`);
  if ((parts[3] ?? '/') !== '/') return fail(`${quote(parts[3] ?? '')} after the address`);
  const port = parts[2] === undefined ? null : Number(parts[2]);
  if (port !== null && port > 65_535) return fail(`there is no port ${port}`);
  return { scheme, host: (parts[1] ?? '').replaceAll(/[[\]]/g, ''), port };
}

function looksLikeHost(text: string): boolean {
  return /^[\w.-]+(?::\d+)?$/.test(text);
}

/** Whether only this machine can reach a host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Checks the target of an HTTP request; null and a problem if it is not one. */
export function readWebUrl(context: Context, path: Path, text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return text;
  context.report.problem(path, {
    message: `${quote(text)} is not a web address`,
    allowed: 'http://host/path or https://host/path',
    suggestion: url === null && URL.canParse(`http://${text}`) ? `http://${text}` : null,
  });
  return null;
}
