import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet';
import { onTestFinished } from 'vitest';

/** A connection on which a test writes bytes and sees the packets that come back. */
export interface RawConnection {
  readonly socket: Socket;
  /** Every packet received, in order. */
  readonly received: Packet[];
  readonly isClosed: boolean;
  send(...packets: (Packet | Buffer)[]): void;
  /** Resolves when the test accepts what was received; fails if the connection ends before. */
  until(accept: (received: readonly Packet[]) => boolean): Promise<void>;
  closed(): Promise<void>;
}

/** Connects to the port without sending anything. */
export async function connectSocket(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  const received: Packet[] = [];
  let isClosed = false;
  let changed = (): void => undefined;
  const packets = parser({ protocolVersion: 4 });
  packets.on('packet', (packet: Packet) => {
    received.push(packet);
    changed();
  });
  socket.on('data', (chunk) => void packets.parse(chunk));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
    changed();
  });
  const wait = (done: () => boolean, fails: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (done()) resolve();
        else if (fails()) reject(new Error(`closed after ${JSON.stringify(received)}`));
      };
      changed = look;
      look();
    });
  return {
    socket,
    received,
    get isClosed() {
      return isClosed;
    },
    send: (...all) =>
      void socket.write(
        Buffer.concat(all.map((each) => (Buffer.isBuffer(each) ? each : generate(each)))),
      ),
    until: (accept) =>
      wait(
        () => accept(received),
        () => isClosed,
      ),
    closed: () =>
      wait(
        () => isClosed,
        () => false,
      ),
  };
}

/** What differs between the CONNECTs of the tests. */
export interface ConnectOptions {
  readonly clean?: boolean;
  readonly keepalive?: number;
  readonly username?: string;
  readonly password?: string;
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly qos?: 0 | 1 | 2;
    readonly retain?: boolean;
  };
}

/** A CONNECT packet. */
export function connectPacket(clientId: string, options: ConnectOptions = {}): Packet {
  const { clean = true, keepalive = 0, username, password, will } = options;
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean,
    clientId,
    keepalive,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...(will === undefined
      ? {}
      : {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: will.qos ?? 0,
            retain: will.retain ?? false,
          },
        }),
  };
}

/** Connects and waits for the CONNACK. */
export async function connectRaw(
  port: number,
  clientId: string,
  options: ConnectOptions = {},
): Promise<RawConnection> {
  const connection = await connectSocket(port);
  connection.send(connectPacket(clientId, options));
  await connection.until((received) => received[0]?.cmd === 'connack');
  return connection;
}

/** A PUBLISH packet. */
export function publishPacket(
  topic: string,
  payload: string,
  qos: 0 | 1 | 2 = 0,
  messageId?: number,
  flags: { readonly retain?: boolean; readonly dup?: boolean } = {},
): IPublishPacket {
  return {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos,
    retain: flags.retain ?? false,
    dup: flags.dup ?? false,
    ...(messageId === undefined ? {} : { messageId }),
  };
}

/** A SUBSCRIBE packet. */
export function subscribePacket(messageId: number, topic: string, qos: 0 | 1 | 2 = 0): Packet {
  return { cmd: 'subscribe', messageId, subscriptions: [{ topic, qos }] };
}

/** Ids of the packets of one kind, in the order they came. */
export function idsOf(received: readonly Packet[], cmd: Packet['cmd']): number[] {
  return received.flatMap((packet) =>
    packet.cmd === cmd && packet.messageId !== undefined ? [packet.messageId] : [],
  );
}

/** Topic and payload of each message that came. */
export function messagesOf(received: readonly Packet[]): string[] {
  return received.flatMap((packet) =>
    packet.cmd === 'publish' ? [`${packet.topic} ${packet.payload.toString()}`] : [],
  );
}
