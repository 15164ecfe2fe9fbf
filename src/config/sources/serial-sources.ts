import {
  serialFormats,
  type PortSettings,
  type SerialFormat,
  type SerialSource,
} from '../../domain/serial.ts';
import { isName } from '../../domain/name.ts';
import { readDeviceName, readDuration, readLine, readText, type Context } from '../context.ts';
import { readFramesFormat } from './serial-frames.ts';
import { quote, type Path } from '../text/problem.ts';
import { readLimenFormat } from './limen-board.ts';
import type { SalvagedConfig } from '../text/shape.ts';
import { closest } from '../text/suggest.ts';

/** A source as it is written. */
export type SourceInput = NonNullable<NonNullable<SalvagedConfig['sources']>[number]>;

/** Why a pattern cannot read lines; null: it can. */
export type FindPatternProblem = (pattern: string) => string | null;

/** Keys that only a serial port has, and those that only one format has. */
export const serialKeys = ['device', 'format', 'baud', 'bits', 'reopen_after'] as const;
const formatKeys = {
  columns: 'csv',
  separator: 'csv',
  pattern: 'regex',
  frame: 'frames',
  check: 'frames',
  fields: 'frames',
  pins: 'limen',
  lease: 'limen',
  id: 'limen',
} as const;
const formats = ['limen', ...serialFormats] as const;
const allSerialKeys = [...serialKeys, ...Object.keys(formatKeys)] as readonly (keyof SourceInput)[];

/** The first key of a source that only a serial port has; null: there is none. */
export function strayKey(entry: SourceInput): string | null {
  return allSerialKeys.find((name) => entry[name] !== undefined) ?? null;
}

/** A serial line as a source; null and problems if it cannot be read. */
export function readSerialSource(
  context: Context,
  path: Path,
  entry: SourceInput,
  findPatternProblem: FindPatternProblem | null,
): SerialSource | null {
  const settings = readPort(context, path, entry);
  const device = readDevice(context, path, entry);
  const format = readFormat(context, path, entry, findPatternProblem);
  if (settings === null || device === null || format === null) return null;
  return { kind: 'serial', ...settings, device, format };
}

function readPort(context: Context, path: Path, entry: SourceInput): PortSettings | null {
  const portPath = [...path, 'serial'];
  const text = entry.serial === undefined ? null : readLine(context, portPath, entry.serial);
  const reopenAfterMs =
    readDuration(context, [...path, 'reopen_after'], entry.reopen_after, { min: 0 }) ?? null;
  const baud = readBaud(context, [...path, 'baud'], entry);
  const bits = readBits(context, [...path, 'bits'], entry.bits);
  if (text !== null && !text.startsWith('/')) {
    context.report.problem(portPath, {
      message: `${quote(text)} is not the path of a serial port`,
      allowed: 'a path such as /dev/serial/by-id/usb-Arduino_Uno-if00; limen ports lists them',
    });
    return null;
  }
  return text === null ? null : { path: text, baud, ...bits, reopenAfterMs };
}

function readBaud(context: Context, path: Path, { baud, format }: SourceInput): number {
  const standard = format === 'limen' ? 115_200 : format === 'nmea' ? 4_800 : 9_600;
  if (baud === undefined || (baud >= 50 && baud <= 4_000_000)) return baud ?? standard;
  context.report.problem(path, { message: `found ${baud}`, allowed: 'a speed from 50 to 4000000' });
  return standard;
}

type Bits = Pick<PortSettings, 'dataBits' | 'parity' | 'stopBits'>;

function readBits(context: Context, path: Path, value: SourceInput['bits']): Bits {
  const text = value === undefined ? '8N1' : readText(context, path, value).toUpperCase();
  const [, data, parity, stop] = /^([78])([NEO])([12])$/.exec(text) ?? [];
  if (data === undefined) {
    context.report.problem(path, {
      message: `found ${quote(text)}`,
      allowed: '8N1, 7E1, 8E1, 8N2 and so on',
    });
  }
  return {
    dataBits: data === '7' ? 7 : 8,
    parity: parity === 'E' ? 'even' : parity === 'O' ? 'odd' : 'none',
    stopBits: stop === '2' ? 2 : 1,
  };
}

function readDevice(context: Context, path: Path, { device }: SourceInput): string | null {
  if (device !== undefined) return readDeviceName(context, [...path, 'device'], device);
  if (!context.report.isTouched([...path, 'device'])) {
    const allowed = 'device: and the name that its readings get';
    context.report.problem(path, { message: 'a serial port without a device', allowed });
  }
  return null;
}

function readFormat(
  context: Context,
  path: Path,
  entry: SourceInput,
  findPatternProblem: FindPatternProblem | null,
): SerialSource['format'] | null {
  const allowed = formats.join(', ');
  if (entry.format === undefined) {
    if (!context.report.isTouched([...path, 'format']))
      context.report.problem(path, { message: 'a serial port without a format', allowed });
    return null;
  }
  const formatPath = [...path, 'format'];
  const written = readText(context, formatPath, entry.format);
  const kind = formats.find((each) => each === written);
  if (kind === undefined) {
    const suggestion = closest(written, formats);
    const message = `there is no format ${quote(written)}`;
    context.report.problem(formatPath, { message, allowed, suggestion });
    return null;
  }
  refuseOtherKeys(context, path, entry, kind);
  switch (kind) {
    case 'limen':
      return readLimenFormat(context, path, entry);
    case 'ndjson':
    case 'key_value':
    case 'nmea':
      return { kind };
    case 'csv':
      return readCsv(context, path, entry);
    case 'regex':
      return readPattern(context, path, entry, findPatternProblem);
    case 'frames':
      return readFramesFormat(context, path, entry);
    default:
      return kind satisfies never;
  }
}

function refuseOtherKeys(context: Context, path: Path, entry: SourceInput, kind: string): void {
  for (const [name, owner] of Object.entries(formatKeys)) {
    if (owner === kind || entry[name as keyof typeof formatKeys] === undefined) continue;
    context.report.problem([...path, name], {
      message: `${quote(name)} belongs to format: ${owner}`,
      allowed: `nothing of it with format: ${kind}`,
      atKey: true,
    });
  }
}

function readCsv(context: Context, path: Path, entry: SourceInput): SerialFormat | null {
  const separatorPath = [...path, 'separator'];
  const separator =
    entry.separator === undefined ? null : readText(context, separatorPath, entry.separator);
  if (separator !== null && !/^(?:[^\p{L}\p{N}"+.-])$/u.test(separator)) {
    const message = `found ${quote(separator)}`;
    context.report.problem(separatorPath, { message, allowed: 'one character such as ; or "\\t"' });
  }
  const seen = new Set<string>();
  const columns = entry.columns?.map((column, index): string | null => {
    const columnPath = [...path, 'columns', index];
    const name = column === undefined ? '_' : readText(context, columnPath, column);
    if (name === '_') return null;
    if (!isName(name) || seen.has(name)) {
      const message = isName(name) ? `${quote(name)} stands twice` : `found ${quote(name)}`;
      context.report.problem(columnPath, { message, allowed: 'each metric once, _ for no metric' });
    }
    seen.add(name);
    return name;
  });
  if (columns !== undefined && seen.size === 0) {
    const message = 'no column is a metric';
    context.report.problem([...path, 'columns'], { message, allowed: 'names such as [_, temp]' });
  }
  return { kind: 'csv', columns: columns ?? null, separator };
}

function readPattern(
  context: Context,
  path: Path,
  entry: SourceInput,
  findProblem: FindPatternProblem | null,
): SerialFormat | null {
  if (entry.pattern === undefined) {
    const message = 'format: regex without a pattern';
    context.report.problem(path, { message, allowed: 'pattern: T=(?P<temperature>[-0-9.]+)' });
    return null;
  }
  const patternPath = [...path, 'pattern'];
  const pattern = readText(context, patternPath, entry.pattern);
  const problem = findProblem?.(pattern) ?? null;
  if (problem !== null) {
    context.report.problem(patternPath, {
      message: `this pattern reads no line: ${problem}`,
      allowed: 'RE2 syntax, with a named group (?P<name>...) for each metric',
    });
  }
  return { kind: 'regex', pattern };
}
