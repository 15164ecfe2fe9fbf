import {
  fieldBytes,
  type FrameCheck,
  type FrameField,
  type Framing,
  type SerialFormat,
} from '../../domain/serial.ts';
import { limits } from '../../domain/limits.ts';
import { checkName, readText, readUnit, type Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import type { SalvagedConfig } from '../text/shape.ts';

type SourceInput = NonNullable<NonNullable<SalvagedConfig['sources']>[number]>;

/** The format of binary frames: where they begin and end, their sum and their numbers. */
export function readFramesFormat(
  context: Context,
  path: Path,
  entry: SourceInput,
): SerialFormat | null {
  const need = (key: 'frame' | 'fields', allowed: string): void => {
    if (entry[key] !== undefined || context.report.isTouched([...path, key])) return;
    context.report.problem(path, { message: `format: frames without ${key}`, allowed });
  };
  need('frame', 'frame: { start: 42 4d, length: 32 } or { between: slip }');
  need('fields', 'fields: { pm25: { at: 6, type: u16 } }');
  const framing = readFraming(context, path, entry);
  const check = readCheck(context, path, entry);
  const fields = readFields(context, path, entry, framing);
  return framing === null ? null : { kind: 'frames', framing, check, fields };
}

function readFraming(context: Context, path: Path, { frame }: SourceInput): Framing | null {
  if (frame === undefined) return null;
  const at = [...path, 'frame'];
  const { start, length, between } = frame;
  const fail = (message: string, key?: string): null => {
    context.report.problem(key === undefined ? at : [...at, key], {
      message,
      allowed: '{ start, length }, { start, length_at, length_plus } or { between, length }',
      atKey: key !== undefined,
    });
    return null;
  };
  const lengthMax = limits.serialFrameBytesMax;
  if (length !== undefined && (length < 1 || length > lengthMax))
    return fail(`a length of ${length}, not of 1 to ${lengthMax}`, 'length');
  if ((start === undefined) === (between === undefined))
    return fail(start === undefined ? 'neither start nor between' : 'both start and between');
  if (between !== undefined) {
    if (frame.length_at !== undefined) return fail('a length byte needs start', 'length_at');
    const text = readText(context, [...at, 'between'], between);
    const mark =
      text === 'slip' || text === 'cobs' ? text : readBytes(context, [...at, 'between'], text);
    return mark === null ? null : { kind: 'between', mark, length: length ?? null };
  }
  if ((length === undefined) === (frame.length_at === undefined))
    return fail(
      length === undefined ? 'neither length nor length_at' : 'both length and length_at',
    );
  if ((frame.length_at ?? 0) < 0) return fail('a place below 0', 'length_at');
  const bytes = readBytes(
    context,
    [...at, 'start'],
    readText(context, [...at, 'start'], start ?? ''),
  );
  if (bytes === null) return null;
  return {
    kind: 'sized',
    start: bytes,
    length: length ?? null,
    lengthAt: frame.length_at ?? 0,
    lengthPlus: frame.length_plus ?? 0,
  };
}

function readBytes(context: Context, path: Path, text: string): readonly number[] | null {
  const pairs = text.replaceAll(/\s/g, '').match(/^(?:[0-9a-f]{2}){1,8}$/i)?.[0];
  if (pairs !== undefined) return [...Buffer.from(pairs, 'hex')];
  const message = `found ${quote(text)}`;
  context.report.problem(path, { message, allowed: '1 to 8 bytes in hex such as 42 4d' });
  return null;
}

function readCheck(context: Context, path: Path, { check }: SourceInput): FrameCheck | null {
  if (check?.kind === undefined) return null;
  const { kind, from = 0 } = check;
  const size = kind === 'sum16' || kind.startsWith('crc16') ? 2 : 1;
  const { at = -size, endian = kind === 'crc16_modbus' ? 'little' : 'big' } = check;
  if (from < 0 || (at >= 0 && at < from)) {
    const message = `the sum of the bytes from ${from} up to ${at}`;
    context.report.problem([...path, 'check'], {
      message,
      allowed: 'from 0 or more, up to a later place',
    });
  }
  return { kind, at, from, endian };
}

function readFields(
  context: Context,
  path: Path,
  { fields = {} }: SourceInput,
  framing: Framing | null,
): readonly FrameField[] {
  const length = framing?.length ?? limits.serialFrameBytesMax;
  return Object.entries(fields).flatMap(([metric, field]): FrameField[] => {
    const fieldPath = [...path, 'fields', metric];
    if (!checkName(context, fieldPath) || field === undefined) return [];
    const { at, type, endian = 'little', scale = 1, offset = 0 } = field;
    if (at === undefined || type === undefined) return [];
    const unit =
      field.unit === undefined
        ? null
        : (readUnit(
            context,
            [...fieldPath, 'unit'],
            readText(context, [...fieldPath, 'unit'], field.unit),
          ) ?? null);
    const end = at + fieldBytes[type];
    if (at < -length || (at < 0 ? end > 0 : end > length)) {
      const message = `${quote(metric)} ends behind its frame`;
      context.report.problem([...fieldPath, 'at'], {
        message,
        allowed: `a place within ${length} bytes`,
      });
    }
    return [{ metric, at, type, endian, scale, offset, unit }];
  });
}
