import type { MistakeCase } from './mistake-case.ts';

/** A board with these keys, and an output at a pin of it. */
function board(keys: string, pin = '7'): string {
  return `sources:\n  - { serial: /dev/ttyACM0, device: bench, format: limen, ${keys} }\noutputs:\n  pump: { pin: { board: bench, pin: ${pin} } }\n`;
}

/** What can be wrong with a board with Limen's firmware, and with what is at its pins. */
export const boardMistakes: readonly MistakeCase[] = [
  {
    text: board('pins: { A0: { metric: soil } }', '¦A0'),
    message: 'the pin A0 of "bench" is read as "soil"',
    allowed: 'a pin that is not in the pins: of the board',
  },
  {
    text: `${board('lease: 5s')}  fan: { pin: { board: bench, pin: ¦7 } }\n`,
    message: 'the output "pump" already drives the pin 7 of "bench"',
    allowed: 'one output for each pin',
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyACM0, device: bench, format: limen }\n  - { serial: /dev/ttyACM1, device: ¦bench, format: limen }\n',
    message: 'there is another board "bench"',
    allowed: 'a name of its own for each board',
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyACM0, device: bench, format: limen }\noutputs:\n  pump: { pin: { board: ¦bnech, pin: 7 } }\n',
    message: 'there is no board "bnech"',
    allowed: 'bench',
    suggestion: 'bench',
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyACM0, device: bench, format: ndjson }\noutputs:\n  pump: { pin: { board: ¦bench, pin: 7 } }\n',
    message: 'there is no board "bench"',
    allowed: 'the device of a source that is a board; there is none',
  },
  {
    text: board('lease: ¦500ms'),
    message: 'found 500ms',
    allowed: 'whole milliseconds from 1s to 10m',
  },
  {
    text: board('id: ¦cafe'),
    message: 'found "CAFE"',
    allowed: 'eight hexadecimal digits such as 0BADCAFE; limen status shows them',
  },
  {
    text: board('pins: { 5: { metric: door, ¦samples: 4 } }'),
    message: '"samples" has no meaning with kind: in',
    allowed: 'samples with kind: analog',
  },
  {
    text: 'sources:\n  - { serial: /dev/ttyACM0, device: bench, format: csv, ¦pins: { A0: { metric: soil } } }\n',
    message: '"pins" belongs to format: limen',
    allowed: 'nothing of it with format: csv',
  },
  {
    text: board('lease: 5s', '¦D7'),
    message: '"D7" is not a pin',
    allowed: 'its name on the board, such as 7 or A0',
    suggestion: '7',
  },
];
