import { limits } from '../domain/limits.ts';
import { compatible, parseUnit } from '../domain/units.ts';
import { noise, readLineText } from './line-text.ts';
import type { Decoded, Item } from './payload.ts';
import { readWord } from './word.ts';

// Label, `:` or `=`, value. Each part has a longest length, so that no line takes long.
const pair =
  /[\s,;|]*([\p{L}_][\p{L}\p{N}_./#-]{0,63}(?: [\p{L}\p{N}_./#-]{1,63}){0,3}) {0,4}[:=]\s{0,8}("[^"]{0,63}"|[^\s,;|:="]{1,64})(?=[\s,;|]|$)/uy;
// A word behind a number; with a mark behind itself it is the next label.
const wordBehind = / {0,2}([%°*\p{L}µ][^\s,;|:=]{0,15})(?! {0,4}[:=])(?=[\s,;|]|$)/uy;
// The same quantity once more in another unit: `22.0 °C 71.6 °F`.
const onceMore =
  / {1,4}[+-]?\d{1,32}(?:\.\d{1,32})? {0,2}([%°*\p{L}µ][^\s,;|:=]{0,15})(?! {0,4}[:=])(?=[\s,;|]|$)/uy;
const rest = /[\s,;|]*$/y;
const numberAndUnit =
  /^([+-]?(?:\d{1,32}\.?\d{0,32}|\.\d{1,32})(?:[eE][+-]?\d{1,4})?)([%°*\p{L}µ].*)$/u;

/**
 * `temp=21.5 hum=40`, `T:21.5;H:40`, `Temp: 23.0 C, Hum: 40 %`, the Serial Plotter's `a:1,b:2`. The whole line must be
 * such pairs: boards print sentences, too. Bare numbers are `value_1`, `value_2`.
 */
export function decodeKeyValue(line: Buffer): Decoded {
  const text = readLineText(line);
  if (text === null) return noise;
  const items: Item[] = [];
  let at = 0;
  while (!isEnd(text, at)) {
    pair.lastIndex = at;
    const [, metric = '', value = ''] = pair.exec(text) ?? [];
    if (metric === '') return items.length === 0 ? decodePlain(text) : notPairs;
    at = pair.lastIndex;
    const item = itemOf(metric, value);
    if (item === null) return notPairs;
    const unit = item.unit === null && item.word.kind === 'number' ? unitAt(text, at) : null;
    if (unit !== null) at = wordBehind.lastIndex;
    items.push(unit === null ? item : { ...item, unit });
    at = behindOthers(text, at, unit ?? item.unit);
    if (items.length > limits.payloadMetricsMax) return { ok: false, reason: 'too many pairs' };
  }
  return items.length > 0 ? { ok: true, items } : notPairs;
}

const notPairs = { ok: false, reason: 'not a line of names and values' } as const;

function isEnd(text: string, at: number): boolean {
  rest.lastIndex = at;
  return rest.test(text);
}

function unitAt(text: string, at: number): string | null {
  wordBehind.lastIndex = at;
  const word = wordBehind.exec(text)?.[1];
  return word === undefined ? null : parseUnit(word);
}

function behindOthers(text: string, from: number, unit: string | null): number {
  let at = from;
  while (unit !== null) {
    onceMore.lastIndex = at;
    const other = parseUnit(onceMore.exec(text)?.[1] ?? '');
    if (other === null || !compatible(unit, other)) return at;
    at = onceMore.lastIndex;
  }
  return at;
}

/** Null: the number ends in something that is no unit. */
function itemOf(metric: string, value: string): Item | null {
  const plain = value.startsWith('"') ? value.slice(1, -1) : value;
  // 1.2e4 is no 1.2 in e4.
  if (readWord(plain).kind === 'number') return plainItem(metric, plain);
  const [, number, attached] = numberAndUnit.exec(plain) ?? [];
  if (number === undefined || attached === undefined) return plainItem(metric, plain);
  const unit = parseUnit(attached);
  return unit === null ? null : { ...plainItem(metric, number), unit };
}

/** The Serial Plotter also takes numbers without names. */
function decodePlain(text: string): Decoded {
  const words = text.split(/[\s,;]+/).filter((part) => part !== '');
  const items = words.map((part, index) => plainItem(`value_${index + 1}`, part));
  return items.length > 0 && items.every(({ word }) => word.kind === 'number')
    ? { ok: true, items }
    : notPairs;
}

function plainItem(metric: string, text: string): Item {
  return { metric, word: readWord(text), unit: null, quality: null, atMs: null };
}
