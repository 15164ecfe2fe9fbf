import { limits } from '../domain/limits.ts';

/** One QoS 1 message that the broker waits for; `done` once Limen has it on disk. */
interface Pending {
  readonly packetId: number;
  done: boolean;
}

/** What one connection has taken from a broker and not yet finished. */
export interface Inbound {
  /**
   * Takes a message in. The returned function is to be called once, when the message is on disk; the PUBACK of a QoS 1
   * message (`packetId` not null) goes out then, in the order of arrival.
   */
  take(packetId: number | null, bytes: number): () => void;
  /** Calls back as soon as there is room for a further message: at once, if there is. One may wait at a time. */
  whenRoom(next: () => void): void;
  /** Messages taken and not yet done. */
  readonly length: number;
}

/**
 * Acknowledges in the order of arrival (MQTT-4.6.0-2), however the messages are finished, and takes no further one
 * while too many are open. `write` gets ready PUBACK packets; those of one commit travel in one piece.
 */
export function createInbound(write: (pubacks: Buffer) => void): Inbound {
  const pending: Pending[] = [];
  let length = 0;
  let bytesOpen = 0;
  let waiting: (() => void) | null = null;
  let flushing = false;

  const hasRoom = (): boolean =>
    length < limits.remoteUnacknowledgedMax && bytesOpen < limits.remoteUnacknowledgedBytesMax;

  const flush = (): void => {
    flushing = false;
    let ready = 0;
    while (pending[ready]?.done === true) ready += 1;
    if (ready === 0) return;
    const pubacks = Buffer.allocUnsafe(ready * 4);
    pending.splice(0, ready).forEach(({ packetId }, index) => {
      pubacks.writeUInt16BE(0x40_02, index * 4);
      pubacks.writeUInt16BE(packetId, index * 4 + 2);
    });
    write(pubacks);
  };

  const finish = (bytes: number): void => {
    length -= 1;
    bytesOpen -= bytes;
    if (!flushing) {
      flushing = true;
      // A commit finishes many messages in one go: the microtask runs after the last of them.
      queueMicrotask(flush);
    }
    if (waiting !== null && hasRoom()) {
      const next = waiting;
      waiting = null;
      next();
    }
  };

  return {
    take(packetId, bytes) {
      const entry: Pending | null = packetId === null ? null : { packetId, done: false };
      if (entry !== null) pending.push(entry);
      length += 1;
      bytesOpen += bytes;
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        if (entry !== null) entry.done = true;
        finish(bytes);
      };
    },
    whenRoom(next) {
      if (hasRoom()) next();
      else waiting = next;
    },
    get length() {
      return length;
    },
  };
}
