import { isAlias, isCollection, isMap, isScalar, isSeq, type Document, type Node } from 'yaml';
import { bareGlob, tooDeep, type Finding } from './finding.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from './problem.ts';

/** Plain values of a YAML tree, and the way back to the text. */
export interface Tree {
  /** Maps as plain objects, lists as arrays, scalars as strings, numbers, booleans and null. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Where maps and lists first nest too deeply; null: nowhere. */
  readonly tooDeepFrom: number | null;
  /** Offset of a value; of its key if the value is empty; of the nearest parent if there is no such value. */
  valueOffset(path: Path): number;
  /** Offset of the last key of a path; of the value if it has none. */
  keyOffset(path: Path): number;
  /** A scalar exactly as it is written, quotes resolved: `007`, not 7; null for anything else. */
  sourceText(path: Path): string | null;
}

/** Turns a parsed document into plain values, with bounds on depth and size, and checks its keys. */
export function convertTree(document: Document.Parsed | null, mark: string): Tree {
  const converter = new Converter(mark);
  const value = document === null ? null : converter.convert(document.contents, 0);
  return {
    value,
    findings: converter.findings,
    tooDeepFrom: converter.tooDeepFrom,
    valueOffset: (path) => converter.find(document?.contents ?? null, path).valueOffset,
    keyOffset: (path) => converter.find(document?.contents ?? null, path).keyOffset,
    sourceText: (path) => converter.find(document?.contents ?? null, path).source,
  };
}

interface Found {
  readonly keyOffset: number;
  readonly valueOffset: number;
  readonly source: string | null;
}

interface Anchored {
  readonly node: Node;
  readonly value: unknown;
  /** How many values it holds, itself included. */
  readonly size: number;
}

/** Names that plain objects keep for themselves. */
const impossibleKeys = new Set(['__proto__', 'constructor', 'prototype']);

class Converter {
  readonly findings: Finding[] = [];
  tooDeepFrom: number | null = null;
  readonly #mark: string;
  readonly #anchors = new Map<string, Anchored>();
  readonly #targets = new Map<unknown, Node>();
  #size = 0;
  #full = false;

  constructor(mark: string) {
    this.#mark = mark;
  }

  convert(node: unknown, depth: number): unknown {
    if (this.#full || !isNode(node)) return null;
    if (isAlias(node)) return this.#convertAlias(node, node.source);
    this.#size += 1;
    this.#checkSize(node);
    const sizeBefore = this.#size;
    const value = this.#convertPlain(node, depth);
    // Registered only now, so that an alias inside its own anchor finds nothing: there are no circles.
    const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
    if (anchor !== undefined) {
      this.#anchors.set(anchor, { node, value, size: 1 + this.#size - sizeBefore });
    }
    return value;
  }

  #convertPlain(node: Node, depth: number): unknown {
    if (isScalar(node)) return this.#convertScalar(node);
    if (depth >= configLimits.depthMax) {
      if (this.tooDeepFrom === null) this.findings.push(tooDeep(offsetOf(node)));
      this.tooDeepFrom ??= offsetOf(node);
      return null;
    }
    if (isSeq(node)) return node.items.map((item) => this.convert(item, depth + 1));
    const object: Record<string, unknown> = {};
    if (!isMap(node)) return object;
    const seen = new Map<string, unknown>();
    for (const pair of node.items) {
      const key = this.#readKey(pair.key, seen);
      if (key === null) continue;
      object[key] = this.convert(pair.value, depth + 1);
    }
    return object;
  }

  /** The key as text, null if it cannot be one; the first of two equal keys counts. */
  #readKey(node: unknown, seen: Map<string, unknown>): string | null {
    const offset = offsetOf(node);
    if (!isScalar(node)) {
      this.#find(offset, 'a key that is not plain text', 'text; quote it if it begins with *');
      return null;
    }
    if (isBareGlob(node, this.#mark)) {
      this.findings.push(bareGlob(offset, this.#unmark(String(node.value))));
    }
    const key = this.#keyText(node);
    if (seen.has(key)) {
      this.#find(offset, `duplicate key ${quote(key)}`, 'each key once in its map; join the two');
      return null;
    }
    seen.set(key, node);
    if (!impossibleKeys.has(key)) return key;
    this.#find(offset, `${quote(key)} cannot be a key or a name`, 'any other name');
    return null;
  }

  #convertScalar(node: { value: unknown; range?: unknown; source?: string }): unknown {
    if (typeof node.value !== 'string') return node.value;
    const text = this.#unmark(node.value);
    if (isBareGlob(node, this.#mark)) this.findings.push(bareGlob(offsetOf(node), text));
    return text;
  }

  #convertAlias(node: Node, name: string): unknown {
    const anchored = this.#anchors.get(name);
    if (anchored === undefined) {
      const allowed = 'the name of an anchor further up, or text in quotes';
      this.#find(offsetOf(node), `the alias ${quote(`*${name}`)} names no anchor`, allowed);
      return null;
    }
    this.#targets.set(node, anchored.node);
    this.#size += anchored.size;
    this.#checkSize(node);
    return this.#full ? null : anchored.value;
  }

  #checkSize(node: Node): void {
    if (this.#full || this.#size <= configLimits.valuesMax) return;
    this.#full = true;
    const allowed = `at most ${configLimits.valuesMax} values, aliases expanded`;
    this.#find(offsetOf(node), 'the config holds too many values', allowed);
  }

  #find(offset: number, message: string, allowed: string): void {
    this.findings.push({ offset, message, allowed, suggestion: null });
  }

  #unmark(text: string): string {
    return text.replaceAll(this.#mark, '*');
  }

  #keyText(node: { value: unknown; source?: string }): string {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
    return this.#unmark(text);
  }

  find(root: unknown, path: Path): Found {
    let node = root;
    let keyOffset = offsetOf(root);
    for (const part of path) {
      const parent = this.#targets.get(node) ?? node;
      if (isMap(parent)) {
        const pair = parent.items.find(({ key }) => isScalar(key) && this.#keyText(key) === part);
        if (pair === undefined) return { keyOffset, valueOffset: keyOffset, source: null };
        keyOffset = offsetOf(pair.key);
        node = pair.value;
      } else if (isSeq(parent) && typeof part === 'number' && part < parent.items.length) {
        node = parent.items[part];
        keyOffset = offsetOf(node);
      } else {
        return { keyOffset, valueOffset: keyOffset, source: null };
      }
    }
    const target = this.#targets.get(node) ?? node;
    if (!isScalar(target)) return { keyOffset, valueOffset: offsetOf(node), source: null };
    const isEmpty = target.value === null && target.source === '';
    const valueOffset = isEmpty ? keyOffset : offsetOf(node);
    return { keyOffset, valueOffset, source: this.#keyText(target) };
  }
}

function isBareGlob(node: { value: unknown; source?: string }, mark: string): boolean {
  return (
    mark !== '*' &&
    node.source?.startsWith(mark) === true &&
    'type' in node &&
    node.type === 'PLAIN'
  );
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isCollection(value) || isAlias(value);
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
