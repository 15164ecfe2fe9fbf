import type { Edge, Level, PinName, PinSetting, Pull } from './protocol.ts';

/** Why an output stands as it does. */
export type OutReason = 'start' | 'hello' | 'command' | 'lease' | 'bye' | 'settings';

/** What a board says. `seq` counts its lines; `ms` is its own clock, from 0 at its start, and wraps after 49.7 days. */
export type BoardMessage = { readonly seq: number; readonly ms: number } & (
  | {
      readonly kind: 'hello';
      readonly protocol: number;
      readonly firmware: string;
      readonly board: string;
      /** Eight hexadecimal digits; all 0: it was never given one. */
      readonly id: string;
      readonly leaseMs: number;
      /** How often its settings were saved; 0: it has none. */
      readonly saves: number;
      /** The analog value at full scale. */
      readonly adcMax: number;
      /** Why it started last. */
      readonly why: string;
    }
  | { readonly kind: 'can'; readonly mode: string; readonly pins: readonly PinName[] }
  | { readonly kind: 'pin'; readonly pin: PinName; readonly setting: PinSetting }
  | { readonly kind: 'analog'; readonly pin: PinName; readonly value: number }
  | { readonly kind: 'in'; readonly pin: PinName; readonly level: Level; readonly edges: number }
  | { readonly kind: 'count'; readonly pin: PinName; readonly total: number }
  /** `level` is read back at the pin. */
  | {
      readonly kind: 'out';
      readonly pin: PinName;
      readonly level: Level;
      readonly reason: OutReason;
    }
  | {
      readonly kind: 'beat';
      /** 0: no host. */
      readonly session: number;
      readonly leaseLeftMs: number;
      readonly badLines: number;
      readonly dropped: number;
    }
  | { readonly kind: 'ack'; readonly of: number }
  /** `of` is null where the board could not tell which line it was. */
  | { readonly kind: 'err'; readonly of: number | null; readonly reason: string }
);

/** What every line of a board begins with. */
export type Header = Pick<BoardMessage, 'seq' | 'ms'>;
type Words = readonly string[];

const uint16Max = 0xffff;
const uint32Max = 0xffff_ffff;
const pinPattern = /^A?(?:0|[1-9]\d?)$/;
const namePattern = /^[a-z][a-z0-9_]{0,15}$/;
const outReasons: readonly string[] = ['start', 'hello', 'command', 'lease', 'bye', 'settings'];

/** Reads the body of a frame from a board; null if it is no message of this version of the protocol. */
export function decodeBoardMessage(body: string): BoardMessage | null {
  const header = decodeHeader(body);
  const [, , kind = '', ...words] = body.split(' ');
  return header === null ? null : (decoders.get(kind)?.(header, words) ?? null);
}

/** The numbers of a line, whatever it goes on to say. */
export function decodeHeader(body: string): Header | null {
  const [seqText, msText] = body.split(' ', 2);
  const seq = uint(seqText, uint16Max);
  const ms = uint(msText, uint32Max);
  return seq === null || ms === null ? null : { seq, ms };
}

const decoders: ReadonlyMap<string, (header: Header, words: Words) => BoardMessage | null> =
  new Map([
    ['hello', decodeHello],
    ['can', decodeCan],
    ['pin', decodePin],
    ['analog', decodeAnalog],
    ['in', decodeIn],
    ['count', decodeCount],
    ['out', decodeOut],
    ['beat', decodeBeat],
    ['ack', decodeAck],
    ['err', decodeErr],
  ]);

function decodeHello(header: Header, [name, version, ...pairs]: Words): BoardMessage | null {
  const keys = new Map(pairs.map((pair) => splitPair(pair)));
  const [firmware, board, id] = [keys.get('fw'), keys.get('board'), keys.get('id')];
  const why = keys.get('why');
  const protocol = uint(version, uint16Max);
  const leaseMs = uint(keys.get('lease'), uint32Max);
  const saves = uint(keys.get('saves'), uint16Max);
  const adcMax = uint(keys.get('adc'), uint16Max);
  if (name !== 'limen' || protocol === null || leaseMs === null || saves === null) return null;
  if (firmware === undefined || !/^\d+\.\d+\.\d+$/.test(firmware)) return null;
  if (id === undefined || !/^[0-9A-F]{8}$/.test(id) || adcMax === null || adcMax === 0) return null;
  if (board === undefined || why === undefined) return null;
  if (!namePattern.test(board) || !namePattern.test(why)) return null;
  return { ...header, kind: 'hello', protocol, firmware, board, id, leaseMs, saves, adcMax, why };
}

function splitPair(pair: string): [key: string, value: string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function decodeCan(header: Header, [mode, ...ranges]: Words): BoardMessage | null {
  if (mode === undefined || !namePattern.test(mode)) return null;
  const pins: PinName[] = [];
  for (const range of ranges) {
    const found = pinsOf(range);
    if (found === null) return null;
    pins.push(...found);
  }
  return { ...header, kind: 'can', mode, pins };
}

// `2-12` and `A0-A5`: at most a hundred pins, as a name has two digits.
function pinsOf(range: string): PinName[] | null {
  const [first = '', last = first, ...rest] = range.split('-');
  const letter = first.startsWith('A') ? 'A' : '';
  if (!pinPattern.test(first) || !pinPattern.test(last) || rest.length > 0) return null;
  if (last.startsWith('A') !== (letter === 'A')) return null;
  const [from, to] = [Number(first.slice(letter.length)), Number(last.slice(letter.length))];
  if (to < from) return null;
  return Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`);
}

function decodePin(header: Header, [pin, ...words]: Words): BoardMessage | null {
  const setting = decodeSetting(words);
  return setting === null || !isPin(pin) ? null : { ...header, kind: 'pin', pin, setting };
}

function decodeSetting([kind, ...words]: Words): PinSetting | null {
  switch (kind) {
    case 'off':
      return words.length === 0 ? { kind } : null;
    case 'out': {
      const [safe, ...rest] = words;
      return isLevel(safe) && rest.length === 0 ? { kind, safe: safe === '1' ? 1 : 0 } : null;
    }
    case 'in': {
      const [pull, debounce, every, ...rest] = words;
      const [debounceMs, everyMs] = [uint(debounce, uint16Max), uint(every, uint16Max)];
      if (!isPull(pull) || debounceMs === null || everyMs === null || rest.length > 0) return null;
      return { kind, pull, debounceMs, everyMs };
    }
    case 'count': {
      const [pull, edge, debounce, every, ...rest] = words;
      const [debounceMs, everyMs] = [uint(debounce, uint16Max), uint(every, uint16Max)];
      if (!isPull(pull) || !isEdge(edge) || debounceMs === null || everyMs === null) return null;
      return rest.length > 0 ? null : { kind, pull, edge, debounceMs, everyMs };
    }
    case 'analog': {
      const [every, count, ...rest] = words;
      const [everyMs, samples] = [uint(every, uint16Max), uint(count, uint16Max)];
      return everyMs === null || samples === null || rest.length > 0
        ? null
        : { kind, everyMs, samples };
    }
    default:
      return null;
  }
}

function decodeAnalog(header: Header, [pin, text, ...rest]: Words): BoardMessage | null {
  if (!isPin(pin) || text === undefined || rest.length > 0) return null;
  return /^\d{1,5}\.\d\d$/.test(text)
    ? { ...header, kind: 'analog', pin, value: Number(text) }
    : null;
}

function decodeIn(header: Header, [pin, level, count, ...rest]: Words): BoardMessage | null {
  const edges = uint(count, uint32Max);
  if (!isPin(pin) || !isLevel(level) || edges === null || rest.length > 0) return null;
  return { ...header, kind: 'in', pin, level: level === '1' ? 1 : 0, edges };
}

function decodeCount(header: Header, [pin, count, ...rest]: Words): BoardMessage | null {
  const total = uint(count, uint32Max);
  if (!isPin(pin) || total === null || rest.length > 0) return null;
  return { ...header, kind: 'count', pin, total };
}

function decodeOut(header: Header, [pin, level, reason, ...rest]: Words): BoardMessage | null {
  if (!isPin(pin) || !isLevel(level) || !isOutReason(reason) || rest.length > 0) return null;
  return { ...header, kind: 'out', pin, level: level === '1' ? 1 : 0, reason };
}

function decodeBeat(header: Header, words: Words): BoardMessage | null {
  const session = uint(words[0], uint16Max);
  const leaseLeftMs = uint(words[1], uint32Max);
  const badLines = uint(words[2], uint16Max);
  const dropped = uint(words[3], uint16Max);
  if (session === null || leaseLeftMs === null || badLines === null) return null;
  if (dropped === null || words.length > 4) return null;
  return { ...header, kind: 'beat', session, leaseLeftMs, badLines, dropped };
}

function decodeAck(header: Header, [text, ...rest]: Words): BoardMessage | null {
  const of = uint(text, uint16Max);
  return of === null || rest.length > 0 ? null : { ...header, kind: 'ack', of };
}

function decodeErr(header: Header, [text, reason, ...rest]: Words): BoardMessage | null {
  const of = text === '-' ? null : uint(text, uint16Max);
  if ((of === null && text !== '-') || reason === undefined || rest.length > 0) return null;
  return namePattern.test(reason) ? { ...header, kind: 'err', of, reason } : null;
}

function uint(text: string | undefined, max: number): number | null {
  if (text === undefined || !/^(?:0|[1-9]\d{0,9})$/.test(text)) return null;
  const value = Number(text);
  return value <= max ? value : null;
}

function isPin(text: string | undefined): text is PinName {
  return text !== undefined && pinPattern.test(text);
}

function isLevel(text: string | undefined): boolean {
  return text === '0' || text === '1';
}

function isPull(text: string | undefined): text is Pull {
  return text === 'none' || text === 'up' || text === 'down';
}

function isEdge(text: string | undefined): text is Edge {
  return text === 'rising' || text === 'falling' || text === 'both';
}

function isOutReason(text: string | undefined): text is OutReason {
  return text !== undefined && outReasons.includes(text);
}
