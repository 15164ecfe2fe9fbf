import { crc16, crcText } from './crc.ts';
import {
  protocol,
  startOf,
  type Level,
  type PinName,
  type PinSetting,
  type Speaker,
} from './protocol.ts';

/** What a host may ask of a board: the table in `protocol.md`. */
export type HostCommand =
  | { readonly kind: 'hello'; readonly session: number }
  | { readonly kind: 'beat' }
  /** `byMs`: the board's time after which it is too late. */
  | { readonly kind: 'set'; readonly pin: PinName; readonly level: Level; readonly byMs?: number }
  | { readonly kind: 'bye' }
  | { readonly kind: 'pin'; readonly pin: PinName; readonly setting: PinSetting }
  | { readonly kind: 'lease'; readonly leaseMs: number }
  /** Eight hexadecimal digits in upper case. */
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'factory' }
  | { readonly kind: 'save' };

/** The line of a command, newline included. `seq` counts on with each command and begins anew after 65535. */
export function encodeCommand(seq: number, command: HostCommand): string {
  return frameLine('host', `${seq} ${commandWords(command)}`);
}

/** A whole line around a body. */
export function frameLine(speaker: Speaker, body: string): string {
  return `${startOf[speaker]}${body}*${crcText(crc16(Buffer.from(body, 'latin1')))}\n`;
}

/** The number after this one. */
export function nextSeq(seq: number): number {
  return (seq + 1) & 0xffff;
}

function commandWords(command: HostCommand): string {
  switch (command.kind) {
    case 'hello':
      return `hello ${protocol.version} ${command.session}`;
    case 'set': {
      const { pin, level, byMs } = command;
      return `set ${pin} ${level}${byMs === undefined ? '' : ` ${byMs}`}`;
    }
    case 'pin':
      return `pin ${command.pin} ${settingWords(command.setting)}`;
    case 'lease':
      return `lease ${command.leaseMs}`;
    case 'id':
      return `id ${command.id}`;
    case 'beat':
    case 'bye':
    case 'factory':
    case 'save':
      return command.kind;
  }
}

/** The words of a setting, the same in a command and in what the board tells of itself. */
export function settingWords(setting: PinSetting): string {
  switch (setting.kind) {
    case 'off':
      return 'off';
    case 'out':
      return `out ${setting.safe}`;
    case 'in':
      return `in ${setting.pull} ${setting.debounceMs} ${setting.everyMs}`;
    case 'count':
      return `count ${setting.pull} ${setting.edge} ${setting.debounceMs} ${setting.everyMs}`;
    case 'analog':
      return `analog ${setting.everyMs} ${setting.samples}`;
  }
}
