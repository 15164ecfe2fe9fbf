import type { ReadPin } from './board-pins.ts';
import type { DurationMs } from './time.ts';

/** The conventions of serial lines that are read. */
export const serialFormats = ['ndjson', 'csv', 'key_value', 'nmea', 'regex', 'frames'] as const;

/** How a number lies in a binary frame. */
export const fieldTypes = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'f64'] as const;
export type FieldType = (typeof fieldTypes)[number];

/** Bytes of each type. */
export const fieldBytes: Readonly<Record<FieldType, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  f64: 8,
};

export const endians = ['big', 'little'] as const;
export type Endian = (typeof endians)[number];

/** One metric of a binary frame: `number * scale + offset`. */
export interface FrameField {
  readonly metric: string;
  /** First byte, counted from the start of the frame. */
  readonly at: number;
  readonly type: FieldType;
  readonly endian: Endian;
  readonly scale: number;
  readonly offset: number;
  readonly unit: string | null;
}

/**
 * Sums over bytes: `sum8` and `sum16` add them, `negative_sum8` is minus their sum, `xor8` their exclusive or; `crc8` is
 * polynomial 0x07, `crc16_modbus` 0x8005 reflected from 0xffff, `crc16_ccitt` 0x1021 from 0xffff.
 */
export const checkKinds = [
  'sum8',
  'negative_sum8',
  'sum16',
  'xor8',
  'crc8',
  'crc16_modbus',
  'crc16_ccitt',
] as const;
export type CheckKind = (typeof checkKinds)[number];

/** The checksum of a binary frame. */
export interface FrameCheck {
  readonly kind: CheckKind;
  /** Where it stands; below 0: counted from the end. It covers the bytes from `from` up to there. */
  readonly at: number;
  readonly from: number;
  readonly endian: Endian;
}

/** Where a binary frame begins and ends. */
export type Framing =
  | {
      readonly kind: 'sized';
      /** The bytes a frame begins with. */
      readonly start: readonly number[];
      /** Bytes in all; null: the byte at `lengthAt` says it, and `lengthPlus` is added. */
      readonly length: number | null;
      readonly lengthAt: number;
      readonly lengthPlus: number;
    }
  | {
      readonly kind: 'between';
      /** Frames stand between these bytes, or are coded by SLIP (RFC 1055) or COBS. */
      readonly mark: readonly number[] | 'slip' | 'cobs';
      /** Bytes in all, once decoded; null: any. */
      readonly length: number | null;
    };

/** How the bytes of a serial line become readings. */
export type SerialFormat =
  | { readonly kind: 'ndjson' | 'key_value' | 'nmea' }
  | {
      readonly kind: 'csv';
      /** Metrics by column, null for one left out; null: a header line names them. */
      readonly columns: readonly (string | null)[] | null;
      /** null: found by itself. */
      readonly separator: string | null;
    }
  | {
      readonly kind: 'regex';
      /** RE2 syntax; its named groups are metrics. */
      readonly pattern: string;
    }
  | {
      readonly kind: 'frames';
      readonly framing: Framing;
      readonly check: FrameCheck | null;
      readonly fields: readonly FrameField[];
    };

/** How a port is opened. */
export interface PortSettings {
  readonly path: string;
  readonly baud: number;
  readonly dataBits: 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  /** Without a byte for this long it is opened anew; 0: never; null: by its usual pauses. */
  readonly reopenAfterMs: DurationMs | null;
}

/** A board with Limen's firmware: it reads these pins, and is told what to drive. */
export interface LimenFormat {
  readonly kind: 'limen';
  readonly reads: readonly ReadPin[];
  /** It goes safe by itself when it hears nothing for so long. */
  readonly leaseMs: DurationMs;
  /** Its eight hexadecimal digits; null: any board will do. */
  readonly id: string | null;
}

/** A serial line as a source of readings. */
export interface SerialSource extends PortSettings {
  readonly kind: 'serial';
  readonly device: string;
  readonly format: SerialFormat | LimenFormat;
}

/** What Limen measures of a serial line: a point of its device (`bench/limen.bad_lines`) that a rule may judge. */
export const badLinesMetric = 'limen.bad_lines';

/** How a serial port is. */
export interface PortStatus {
  readonly path: string;
  readonly isOpen: boolean;
  /** Why it is not open; null: it is, or it was not tried yet. */
  readonly problem: string | null;
  readonly bytes: number;
  readonly frames: number;
  /** Frames that could not be read, by reason; those that were cut off at the start included. */
  readonly badFrames: Readonly<Record<string, number>>;
  /** How often it was opened. */
  readonly openings: number;
}

/** A serial port of this machine. */
export interface PluggedPort {
  /** By the name that stays with the device, where it has one: `/dev/serial/by-id/...`. */
  readonly path: string;
  /** The device node it leads to at present: `/dev/ttyACM0`. */
  readonly node: string;
  readonly manufacturer: string | null;
  readonly product: string | null;
  /** Vendor and product on USB, `2341:0043`; null: no USB device. */
  readonly usbId: string | null;
  /** The program that has it open, `picocom (process 4711)`; null: none that can be seen. */
  readonly holder: string | null;
  /** Why this user may not open it, and what helps; null: all is well. */
  readonly problem: string | null;
}
