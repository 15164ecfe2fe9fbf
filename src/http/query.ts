import type { ReadingsQuery } from '../domain/api.ts';
import { LimenError } from '../domain/error.ts';
import type { ReportQuery } from '../domain/hygiene.ts';
import type { WhyNotQuery } from '../domain/why-not.ts';

/** Reads `point`, `from` and `to` of a URL's query; throws `invalid` naming the parameter. */
export function parseReadingsQuery(parameters: Readonly<Record<string, string>>): ReadingsQuery {
  const point = parameters['point'] ?? null;
  if (point !== null && !point.includes('/')) {
    throw new LimenError(
      'invalid',
      `point: "${point}" must be device/metric, such as freezer-1/temperature`,
    );
  }
  return { point, ...parseRange(parameters) };
}

/** Reads `from` and `to` of a URL's query; throws `invalid` naming the parameter. */
export function parseReportQuery(parameters: Readonly<Record<string, string>>): ReportQuery {
  return parseRange(parameters);
}

/** Reads what `why` is asked of; throws `invalid` if it is missing. */
export function parseWanted(text: string | undefined): string {
  if (text !== undefined && text.trim() !== '') return text;
  throw new LimenError(
    'invalid',
    'of: name an alert (rule/device/metric), an id, or the number of an event or a command',
  );
}

/** Reads `rule`, `point` and `at` of a URL's query; throws `invalid` naming the parameter. */
export function parseWhyNotQuery(parameters: Readonly<Record<string, string>>): WhyNotQuery {
  const { rule = '', point = '' } = parameters;
  if (rule === '') throw new LimenError('invalid', 'rule: name a rule');
  if (!point.includes('/')) {
    const message = `point: "${point}" must be device/metric, such as freezer-1/temperature`;
    throw new LimenError('invalid', message);
  }
  const atMs = parseTime('at', parameters['at']);
  if (atMs === null) throw new LimenError('invalid', 'at: give a moment, in ms since 1970 UTC');
  return { rule, point, atMs };
}

/** Reads a query parameter that is true or false; missing is false. */
export function parseFlag(name: string, text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new LimenError('invalid', `${name}: "${text}" must be true or false`);
}

function parseRange(parameters: Readonly<Record<string, string>>): ReportQuery {
  const fromMs = parseTime('from', parameters['from']);
  const toMs = parseTime('to', parameters['to']);
  if (fromMs !== null && toMs !== null && fromMs > toMs) {
    throw new LimenError('invalid', 'from: must not be later than to');
  }
  return { fromMs, toMs };
}

function parseTime(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(time)) {
    throw new LimenError('invalid', `${name}: "${text}" must be whole milliseconds since 1970 UTC`);
  }
  return time;
}
