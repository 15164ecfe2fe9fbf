import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Aedes } from 'aedes';
import { parser, type Packet } from 'mqtt-packet';

/** A broker behind a proxy that sees what the client sends and can cut its connections. */
export interface TestBroker {
  readonly url: string;
  /** Every packet a client has sent, in order. */
  readonly sent: readonly Packet[];
  /** Resolves with the first packet, sent already or later, that the test accepts. */
  packet(accept: (packet: Packet) => boolean): Promise<Packet>;
  /** Breaks all connections without a goodbye. */
  cut(): void;
  stop(): Promise<void>;
}

/** `mosquitto` as installed; tests that need it are skipped without it. */
export const hasMosquitto = spawnSync('mosquitto', ['-h']).error === undefined;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function startAedes(): Promise<{ port: number; stop(): Promise<void> }> {
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      await new Promise<void>((done) => broker.close(done));
    },
  };
}

async function startMosquitto(): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'limen-remote-'));
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 0\nmax_queued_messages 0\n`,
  );
  const child = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
  await untilListening(port);
  return {
    port,
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connectTcp(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await wait(20);
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Starts a broker; `port` fixes the proxy's port. */
export async function startBroker(kind: 'aedes' | 'mosquitto', port = 0): Promise<TestBroker> {
  const inner = kind === 'aedes' ? await startAedes() : await startMosquitto();
  const sockets = new Set<Socket>();
  const sent: Packet[] = [];
  const waiting = new Set<(packet: Packet) => void>();

  const proxy = createServer((client) => {
    const broker = connectTcp(inner.port, '127.0.0.1');
    const watch = parser({ protocolVersion: 4 });
    watch.on('packet', (packet) => {
      sent.push(packet);
      for (const look of waiting) look(packet);
    });
    client.on('data', (bytes) => watch.parse(bytes));
    client.pipe(broker);
    broker.pipe(client);
    for (const [end, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        sockets.delete(end);
        other.destroy();
      });
    }
  }).listen(port, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    url: `mqtt://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    sent,
    packet(accept) {
      const found = sent.find(accept);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => {
        const look = (packet: Packet): void => {
          if (!accept(packet)) return;
          waiting.delete(look);
          resolve(packet);
        };
        waiting.add(look);
      });
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await inner.stop();
    },
  };
}
