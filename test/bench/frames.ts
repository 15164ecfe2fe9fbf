/** MQTT 3.1.1 packets as bytes: a load generator must not spend its time in a library. */

/** Packet types: the upper four bits of the first byte. */
export const packetTypes = { publish: 3, puback: 4, suback: 9 } as const;

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function packet(firstByte: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  let rest = body.length;
  do {
    const more = rest > 127;
    length.push((rest & 127) | (more ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([firstByte, ...length]), body]);
}

/** Connects with a clean session. */
export function connectFrame(clientId: string): Buffer {
  return packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 60]), text(clientId));
}

/** Subscribes at QoS 0 to one filter, with packet id 1. */
export function subscribeFrame(filter: string): Buffer {
  return packet(0x82, Buffer.from([0, 1]), text(filter), Buffer.from([0]));
}

/** A QoS 1 PUBLISH with the packet id left at 0. */
export interface PublishFrame {
  readonly bytes: Buffer;
  readonly packetIdAt: number;
}

/** Builds a PUBLISH whose packet id is patched in later. */
export function publishFrame(topic: string, payload: string): PublishFrame {
  const bytes = packet(0x32, text(topic), Buffer.from([0, 0]), Buffer.from(payload));
  return { bytes, packetIdAt: bytes.length - Buffer.byteLength(payload) - 2 };
}

/** One whole packet; `body` is what follows the length. */
export interface Frame {
  readonly firstByte: number;
  readonly body: Buffer;
}

/** Cuts a stream of bytes into packets; call with each piece as it arrives. */
export function createFrameReader(onFrame: (frame: Frame) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (;;) {
      let at = 1;
      let length = 0;
      let byte = 128;
      for (let shift = 0; byte >= 128; shift += 7, at += 1) {
        if (at >= rest.length) return;
        byte = rest.readUInt8(at);
        length |= (byte & 127) << shift;
      }
      if (rest.length < at + length) return;
      onFrame({ firstByte: rest.readUInt8(0), body: rest.subarray(at, at + length) });
      rest = rest.subarray(at + length);
    }
  };
}

/** Topic and payload of a PUBLISH. */
export function readPublish({ firstByte, body }: Frame): { topic: string; payload: Buffer } {
  const topicEnd = 2 + body.readUInt16BE(0);
  const payloadAt = (firstByte & 0x06) === 0 ? topicEnd : topicEnd + 2;
  return { topic: body.toString('utf8', 2, topicEnd), payload: body.subarray(payloadAt) };
}
