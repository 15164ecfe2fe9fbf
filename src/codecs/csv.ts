import { isName } from '../domain/name.ts';
import type { SerialFormat } from '../domain/serial.ts';
import { parseUnit } from '../domain/units.ts';
import { noise, readLineText } from './line-text.ts';
import type { Decoded, Item } from './payload.ts';
import { readWord } from './word.ts';

type Csv = Extract<SerialFormat, { kind: 'csv' }>;

interface Column {
  readonly metric: string;
  readonly unit: string | null;
}

/** Columns that tell of the line, not of a quantity: a header names them, and they are left out. */
const notQuantities: ReadonlySet<string> = new Set(
  't t_s t_ms ms millis s sec seconds time time_s time_ms timestamp ts date datetime uptime seq counter id no nr #'.split(
    ' ',
  ),
);

const separators = [';', '\t', ','] as const;
// With a semicolon between columns a comma is a decimal one.
const decimalComma = /^[+-]?\d+,\d+$/;

/**
 * Reads lines of separated values. Columns are named by the config, else by the last header line; without either they
 * are `value_1`, `value_2` and so on.
 */
export class CsvDecoder {
  readonly #separator: string | null;
  readonly #isNamed: boolean;
  #columns: readonly (Column | null)[] | null;

  constructor({ columns, separator }: Csv) {
    this.#separator = separator;
    this.#isNamed = columns !== null;
    this.#columns =
      columns?.map((metric) => (metric === null ? null : { metric, unit: null })) ?? null;
  }

  decode(line: Buffer): Decoded | null {
    const text = readLineText(line);
    if (text === null) return noise;
    const cells = this.#cells(text);
    if (this.#takeHeader(cells)) return null;
    const columns = this.#columns;
    if (columns === null) return decodeUnnamed(cells);
    if (cells.length !== columns.length) {
      const reason = `not ${columns.length} columns`;
      return { ok: false, reason };
    }
    const items = cells.flatMap((cell, index): readonly Item[] => {
      const column = columns[index] ?? null;
      return column === null ? [] : [itemOf(column, cell)];
    });
    return { ok: true, items };
  }

  /** A header that came first after the port was opened: most boards print it only when they start. */
  noteHeader(line: Buffer): boolean {
    const text = readLineText(line);
    return text !== null && this.#takeHeader(this.#cells(text));
  }

  #takeHeader(cells: readonly string[]): boolean {
    if (!isHeader(cells)) return false;
    if (!this.#isNamed) this.#columns = cells.map(readHeading);
    return true;
  }

  #cells(text: string): readonly string[] {
    const found = this.#separator ?? separators.find((mark) => text.includes(mark));
    const cells = found === undefined ? text.split(/\s+/) : text.split(found);
    // A mark behind the last value ends it.
    if (cells.length > 1 && cells.at(-1)?.trim() === '' && this.#columns?.length !== cells.length)
      cells.pop();
    return cells.map((cell) => {
      const trimmed = unquoted(cell.trim());
      return found === ';' && decimalComma.test(trimmed) ? trimmed.replace(',', '.') : trimmed;
    });
  }
}

/** Names only, each once: no cell of a header is a value or a sentence. */
function isHeader(cells: readonly string[]): boolean {
  const names = new Set(cells);
  return (
    names.size === cells.length &&
    cells.length > 1 &&
    cells.every((cell) =>
      /^[\p{L}_][\p{L}\p{N}_.#%°/³²µ()[\]-]{0,63}(?: [([][^()[\]]*[)\]])?$/u.test(cell),
    ) &&
    cells.every((cell) => readWord(cell).kind === 'text')
  );
}

function readHeading(heading: string): Column | null {
  if (notQuantities.has(heading.toLowerCase()) || !isName(heading)) return null;
  const [, name = heading, bracketed] = /^(.*?)\s*[([]([^()[\]]*)[)\]]$/.exec(heading) ?? [];
  if (bracketed !== undefined && name !== '') {
    return { metric: name, unit: parseUnit(bracketed) };
  }
  // `temperature_C`, `humidity_pct`: the name stays as it is.
  const suffix = /_([^_]+)$/.exec(heading)?.[1] ?? '';
  return { metric: heading, unit: suffixUnits.has(suffix) ? parseUnit(suffix) : null };
}

/** Endings of names that are units and nothing else. */
const suffixUnits: ReadonlySet<string> = new Set(
  'C F K degC pct percent Pa hPa kPa mbar bar psi mV V mA A W kW Wh kWh ppm ppb lux lx mm cm rpm Hz'.split(
    ' ',
  ),
);

function decodeUnnamed(cells: readonly string[]): Decoded {
  const items = cells.map((cell, index) =>
    itemOf({ metric: `value_${index + 1}`, unit: null }, cell),
  );
  // Without names, only a line of nothing but values is one: boards also print sentences with commas.
  return items.every(({ word }) => word.kind === 'number' || word.kind === 'none')
    ? { ok: true, items }
    : { ok: false, reason: 'not a line of values' };
}

function itemOf({ metric, unit }: Column, cell: string): Item {
  return { metric, word: readWord(cell), unit, quality: null, atMs: null };
}

function unquoted(cell: string): string {
  return cell.length >= 2 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell;
}
