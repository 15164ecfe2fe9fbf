import { SerialPort } from 'serialport';
import type { PortSettings } from '../../src/domain/serial.ts';

/** Told of what happens at a port. */
export interface PortListener {
  opened(): void;
  /** The bytes are valid during the call only. */
  data(bytes: Uint8Array): void;
  /** It could not be opened, or is closed; null: because that was asked for. Said once, last of all. */
  closed(cause: Error | null): void;
}

/** One connection to a port; never used for a second one, which would send what was written in between. */
export interface PortConnection {
  /** How often its file was asked for since the last byte: one that hung up is read again and again, for nothing. */
  readonly vainReads: number;
  pause(): void;
  resume(): void;
  /** Sends some text; nothing is kept for later. */
  write(text: string): void;
  /** Closes it; `closed` follows. */
  close(): void;
}

/** Opens a port. `lock` keeps others out who ask for a lock, too. */
export function openSerialPort(settings: PortSettings, listener: PortListener): PortConnection {
  const { path, baud, dataBits, parity, stopBits } = settings;
  const port = new SerialPort({
    path,
    baudRate: baud,
    dataBits,
    parity,
    stopBits,
    lock: true,
    autoOpen: false,
  });
  let isOver = false;
  let isClosing = false;
  let vainReads = 0;
  const end = (cause: Error | null): void => {
    if (isOver) return;
    isOver = true;
    listener.closed(cause);
  };
  // Without a listener any error would end the process; a closing one cancels what is under way.
  port.on('error', (error: Error) => {
    if (port.isOpen && !isClosing) close();
    if (!port.isOpen) end(error);
  });
  port.on('close', (error: Error | null) => end(isClosing ? null : (error ?? null)));
  port.on('data', (bytes: Buffer) => {
    vainReads = 0;
    listener.data(bytes);
  });
  const close = (): void => {
    isClosing = true;
    if (port.isOpen) port.close();
    else if (!port.opening) end(null);
  };
  port.open((error) => {
    if (error !== null && error !== undefined) end(error);
    else if (isClosing) port.close();
    else {
      countUses(port.port, () => void vainReads++);
      listener.opened();
    }
  });
  return {
    get vainReads() {
      return vainReads;
    },
    pause: () => void port.pause(),
    resume: () => void port.resume(),
    write(text) {
      // What is written to a closed port is sent when it is opened: that would be a command of the past.
      if (port.isOpen && !isClosing) port.write(text, 'latin1');
    },
    close,
  };
}

// A read of no bytes is begun anew at once, within the library and for ever: all that shows is that it takes the file.
function countUses(binding: object | undefined, count: () => void): void {
  if (binding === undefined || !('fd' in binding)) return;
  let fd: unknown = binding.fd;
  Object.defineProperty(binding, 'fd', {
    get() {
      count();
      return fd;
    },
    set(next: unknown) {
      fd = next;
    },
  });
}
