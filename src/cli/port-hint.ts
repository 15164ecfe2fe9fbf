/** What is probably at a port. */
export interface PortHint {
  /** In words; null: nobody knows. */
  readonly what: string | null;
  /** Format of its lines to begin with. */
  readonly format: 'limen' | 'nmea' | 'ndjson';
  readonly note: string | null;
}

const flash = "once Limen's firmware is on it; else ndjson, csv, key_value or regex";
const lines = 'or csv, key_value, nmea, regex, frames: whatever it sends';

/** By USB vendor: boards that can carry the firmware, bridges that many boards have, and GPS receivers. */
const hints: ReadonlyMap<string, PortHint> = new Map([
  ['2341', { what: 'an Arduino', format: 'limen', note: flash }],
  ['2a03', { what: 'an Arduino', format: 'limen', note: flash }],
  ['1a86', { what: 'a CH340, on many boards', format: 'limen', note: flash }],
  ['10c4', { what: 'a CP210x, on many boards', format: 'limen', note: flash }],
  ['0403', { what: 'an FTDI bridge', format: 'ndjson', note: lines }],
  ['303a', { what: 'an ESP32', format: 'limen', note: flash }],
  ['1546', { what: 'a u-blox GPS receiver', format: 'nmea', note: null }],
]);

/** The hint for a USB device `2341:0043`; null: it is none. */
export function findPortHint(usbId: string | null): PortHint {
  const hint = usbId === null ? undefined : hints.get(usbId.slice(0, 4));
  return hint ?? { what: null, format: 'ndjson', note: lines };
}
