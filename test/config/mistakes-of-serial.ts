import type { MistakeCase } from './mistake-case.ts';

const port = 'sources:\n  - serial: /dev/ttyACM0\n    device: bench\n    ';
const frames = `${port}format: frames\n    `;
const framings = '{ start, length }, { start, length_at, length_plus } or { between, length }';

/** Serial lines and what stands on them. */
export const serial: readonly MistakeCase[] = [
  {
    text: 'sources:\n  - ¦{ serial: /dev/ttyACM0, mqtt: "a/{device}" }\n',
    message: 'a source of two kinds',
    allowed: 'one of mqtt, serial, firmata, simulate',
  },
  {
    text: 'sources:\n  - { mqtt: "a/{device}", ¦baud: 9600 }\n',
    message: '"baud" belongs to a serial port',
    allowed: 'nothing of it with mqtt:',
  },
  {
    text: `${port}format: ndjson\n    ¦broker: embedded\n`,
    message: 'a serial port has no broker',
    allowed: 'serial alone',
  },
  {
    text: `${port}format: ndjson\n  - ¦{ serial: /dev/ttyACM0, device: b, format: csv }\n`,
    message: 'this port stands twice',
    allowed: 'each source once',
  },
  {
    text: 'sources:\n  - { serial: ¦ttyUSB0, device: bench, format: ndjson }\n',
    message: '"ttyUSB0" is not the path of a serial port',
    allowed: 'a path such as /dev/serial/by-id/usb-Arduino_Uno-if00; limen ports lists them',
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyACM0, device: ¦limen.x, format: ndjson }\n',
    message: 'the name "limen.x" is reserved',
    allowed: 'any name that does not begin with limen.',
  },
  {
    text: 'sources:\n  - ¦{ serial: /dev/ttyACM0, format: ndjson }\n',
    message: 'a serial port without a device',
    allowed: 'device: and the name that its readings get',
  },
  {
    text: 'sources:\n  - ¦{ serial: /dev/ttyACM0, device: bench }\n',
    message: 'a serial port without a format',
    allowed: 'limen, ndjson, csv, key_value, nmea, regex, frames',
  },
  {
    text: `${port}format: ¦ndjsn\n`,
    message: 'there is no format "ndjsn"',
    allowed: 'limen, ndjson, csv, key_value, nmea, regex, frames',
    suggestion: 'ndjson',
  },
  {
    text: `${port}format: ndjson\n    baud: ¦10\n`,
    message: 'found 10',
    allowed: 'a speed from 50 to 4000000',
  },
  {
    text: `${port}format: ndjson\n    bits: ¦9N1\n`,
    message: 'found "9N1"',
    allowed: '8N1, 7E1, 8E1, 8N2 and so on',
  },
  {
    text: `${port}format: ndjson\n    ¦columns: [a]\n`,
    message: '"columns" belongs to format: csv',
    allowed: 'nothing of it with format: ndjson',
  },
  {
    text: `${port}format: csv\n    columns: [a, b, ¦a]\n`,
    message: '"a" stands twice',
    allowed: 'each metric once, _ for no metric',
  },
  {
    text: `${port}format: csv\n    columns: ¦[_, _]\n`,
    message: 'no column is a metric',
    allowed: 'names such as [_, temp]',
  },
  {
    text: `${port}format: csv\n    separator: ¦ab\n`,
    message: 'found "ab"',
    allowed: 'one character such as ; or "\\t"',
  },
  {
    text: 'sources:\n  - ¦{ serial: /dev/ttyACM0, device: bench, format: regex }\n',
    message: 'format: regex without a pattern',
    allowed: 'pattern: T=(?P<temperature>[-0-9.]+)',
  },
  {
    text: `${port}format: regex\n    pattern: ¦"T=([0-9]+)"\n`,
    message: 'this pattern reads no line: no named group',
    allowed: 'RE2 syntax, with a named group (?P<name>...) for each metric',
  },
  {
    text: `${port}format: regex\n    pattern: ¦"(?P<t>[0-9]+)(?=x)"\n`,
    message: 'this pattern reads no line: invalid or unsupported Perl syntax: `(?=`',
    allowed: 'RE2 syntax, with a named group (?P<name>...) for each metric',
  },
  {
    text: 'sources:\n  - ¦{ serial: /dev/ttyACM0, device: bench, format: frames, fields: { a: { at: 0, type: u8 } } }\n',
    message: 'format: frames without frame',
    allowed: 'frame: { start: 42 4d, length: 32 } or { between: slip }',
  },
  {
    text: `${frames}fields: { a: { at: 0, type: u8 } }\n    frame: ¦{ length: 9 }\n`,
    message: 'neither start nor between',
    allowed: framings,
  },
  {
    text: `${frames}fields: { a: { at: 0, type: u8 } }\n    frame: ¦{ start: aa }\n`,
    message: 'neither length nor length_at',
    allowed: framings,
  },
  {
    text: `${frames}fields: { a: { at: 0, type: u8 } }\n    frame: { start: ¦xy, length: 9 }\n`,
    message: 'found "xy"',
    allowed: '1 to 8 bytes in hex such as 42 4d',
  },
  {
    text: `${frames}fields: { a: { at: 0, type: u8 } }\n    frame: { start: aa, ¦length: 9999 }\n`,
    message: 'a length of 9999, not of 1 to 4096',
    allowed: framings,
  },
  {
    text: `${frames}fields: { a: { at: ¦8, type: u16 } }\n    frame: { start: aa, length: 9 }\n`,
    message: '"a" ends behind its frame',
    allowed: 'a place within 9 bytes',
  },
  {
    text: `${frames}fields: { a: { at: 1, type: u8 } }\n    frame: { start: aa, length: 9 }\n    check: ¦{ kind: sum8, at: 2, from: 4 }\n`,
    message: 'the sum of the bytes from 4 up to 2',
    allowed: 'from 0 or more, up to a later place',
  },
];
