// Aim: host, firmware and protocol.md say the same, down to the bytes of the worked example.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc16 } from '../../../firmware-bridge/host/crc.ts';
import { Board } from '../../../firmware-bridge/emulator/board.ts';
import { protocol } from '../../../firmware-bridge/host/protocol.ts';
import { hex } from '../talk.ts';

const folder = join(import.meta.dirname, '../../../firmware-bridge');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const page = read('protocol.md');

test('the numbers of protocol.md, of the host and of the firmware are the same', () => {
  const documented = [...page.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)];
  expect(Object.fromEntries(documented.map(([, name, value]) => [name, Number(value)]))).toEqual(
    protocol,
  );
  const header = read('limen-board/protocol.h');
  const firmware = [...header.matchAll(/^const uint\d+_t (\w+) = (\d+);$/gm)];
  const version = /^#define PROTOCOL_VERSION (\d+)$/m.exec(header)?.[1];
  expect({
    version: Number(version),
    ...Object.fromEntries(firmware.map(([, name, value]) => [name, Number(value)])),
  }).toEqual(protocol);
});

test('protocol.md names every reason for which the firmware refuses, and no other', () => {
  const source = ['session.h', 'receiver.h'].map((file) => read(`limen-board/${file}`)).join('\n');
  const refusing =
    /(?:return|sendBadLine\(|sendAnswer\(seq,|closeAnswer\()\s*(?:isText \? )?PSTR\("(\w+)"\)/g;
  const used = [...source.matchAll(refusing)].map(([, reason]) => reason ?? '');
  const second = [...source.matchAll(/PSTR\("long"\) : PSTR\("(\w+)"\)/g)].map(([, word]) => word);
  const [table = ''] = /\| refused because[\s\S]*?\n\n/.exec(page) ?? [];
  const named = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)]);
  expect(new Set(named.map(([, reason]) => reason))).toEqual(new Set([...used, ...second]));
});

test('the check value of the CRC is that of the catalogue', () => {
  expect(crc16(Buffer.from('123456789'))).toBe(0x29b1);
});

test('the session in protocol.md is what the real firmware says', () => {
  const [, session = ''] = /## A session\n[\s\S]*?```text\n([\s\S]*?)```/.exec(page) ?? [];
  const documented = session.trimEnd().split('\n');
  expect(replay(documented).join('\n')).toBe(documented.join('\n'));
});

// The host says each of its lines as soon as the board has said the one above.
function replay(lines: readonly string[]): string[] {
  const board = new Board(hex);
  board.setVolts(0, 1.8);
  const said: string[] = [];
  let text = '';
  board.onTransmit = (byte) => {
    text += String.fromCharCode(byte);
    if (byte !== 0x0a) return;
    said.push(text.trimEnd());
    text = '';
  };
  return lines.map((line) => {
    if (line.startsWith('>')) board.receive(Buffer.from(`${line}\n`));
    if (!line.startsWith('<')) return line;
    for (let step = 0; step < 20_000 && said.length === 0; step++) board.run(1_600);
    return said.shift() ?? 'nothing';
  });
}
