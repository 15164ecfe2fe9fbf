import { createServer, type Server, type Socket as NetSocket } from 'node:net';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LimenError, messageOf } from '../domain/error.ts';
import type { Listen } from '../domain/config.ts';
import { limits } from '../domain/limits.ts';
import { isLoopbackHost } from '../domain/loopback.ts';
import type { Socket } from './wire.ts';

/** A listener that is to be opened. */
export interface ListenRequest extends Listen {
  /** Every client there must log in. */
  readonly loginRequired: boolean;
}

/** A listener that waits. */
export interface OpenListener {
  /** With the port that was picked. */
  readonly url: string;
  /** Takes no further connections; those that are open stay. */
  close(): void;
}

/** Of an MQTT packet. */
const headerBytesMax = 5;

/** `address`: where the client is. */
type Accept = (socket: Socket, request: ListenRequest, address: string) => void;
type Refuse = (reason: string, address: string) => void;

/** Opens all listeners, or none: what was opened is closed again if one cannot be. */
export async function listenAll(
  requests: readonly ListenRequest[],
  accept: Accept,
  refuse: Refuse = noop,
): Promise<OpenListener[]> {
  const open: OpenListener[] = [];
  try {
    for (const request of requests) open.push(await listen(request, accept, refuse));
    return open;
  } catch (error) {
    for (const listener of open) listener.close();
    throw error;
  }
}

async function listen(
  request: ListenRequest,
  accept: Accept,
  refuse: Refuse,
): Promise<OpenListener> {
  const server =
    request.scheme === 'mqtt'
      ? tcpServer(request, accept)
      : await webSocketServer(request, accept, refuse);
  const host = request.host.replace(/^\[(.*)\]$/, '$1');
  await new Promise<void>((resolve, reject) => {
    // It stays: a connection that cannot be accepted (no file handle left) is told here, too, and must not end Limen.
    server.on('error', (error) => reject(cannotListen(request, error)));
    server.listen(request.port, host, resolve);
  });
  // a TCP server has an address of this shape
  const { port } = server.address() as AddressInfo;
  return {
    url: `${request.scheme}://${request.host}:${port}`,
    // Not waited for: it calls back only when the last client has gone.
    close: () => void server.close(),
  };
}

function tcpServer(request: ListenRequest, accept: Accept): Server {
  return createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
    (socket: NetSocket) => accept(socket, request, addressOf(socket)),
  );
}

async function webSocketServer(
  request: ListenRequest,
  accept: Accept,
  refuse: Refuse,
): Promise<Server> {
  // Loaded on first need: most installations have no WebSocket listener.
  const { createWebSocketStream, WebSocketServer } = await import('ws');
  const server = createHttpServer((_request, response) => {
    response
      .writeHead(426, { 'content-type': 'text/plain' })
      .end('This is an MQTT listener: connect by WebSocket.\n');
  });
  const sockets = new WebSocketServer({
    server,
    maxPayload: limits.packetBytesMax + headerBytesMax,
    verifyClient: (
      { req }: { req: IncomingMessage },
      answer: (isWelcome: boolean, status?: number) => void,
    ) => {
      if (request.loginRequired || isOfThisMachine(req)) {
        answer(true);
        return;
      }
      refuse('web page from elsewhere', addressOf(req.socket));
      answer(false, 403);
    },
    // MQTT 3.1.1 section 6: the subprotocol is named `mqtt`; a client that names none is let in as before.
    handleProtocols: (protocols) => (protocols.has('mqtt') ? 'mqtt' : false),
  });
  // The server tells the same error itself.
  sockets.on('error', () => {});
  sockets.on('connection', (socket, upgrade) => {
    const stream = createWebSocketStream(socket);
    stream.on('error', () => stream.destroy());
    accept(stream, request, addressOf(upgrade.socket));
  });
  return server;
}

/** A socket that has ended meanwhile has no address any more. */
function addressOf({ remoteAddress }: NetSocket): string {
  return remoteAddress ?? 'unknown';
}

/**
 * Where nobody has to log in, a browser is not believed to be at home: the page that wants to connect (`Origin`) and the
 * name it found Limen under (`Host`) must be this machine's. A name of the page's own that leads here is DNS rebinding.
 * No origin: not a browser.
 */
function isOfThisMachine({ headers: { host, origin } }: IncomingMessage): boolean {
  if (!isLoopbackHost(host ?? '')) return false;
  if (origin === undefined) return true;
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).host);
}

function cannotListen({ scheme, host, port }: ListenRequest, error: Error): LimenError {
  const where = `${scheme}://${host}:${port}`;
  const code = 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') {
    return new LimenError(
      'conflict',
      `Cannot listen on ${where}: another program uses the port. Stop it, or change broker.listen in the config`,
      { cause: error },
    );
  }
  if (code === 'EADDRNOTAVAIL') {
    return new LimenError(
      'conflict',
      `Cannot listen on ${where}: this machine has no such address`,
      { cause: error },
    );
  }
  return new LimenError('unavailable', `Cannot listen on ${where}: ${messageOf(error)}`, {
    cause: error,
  });
}

function noop(): void {}
