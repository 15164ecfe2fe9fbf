import { lstatSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { LimenApi } from '../domain/api.ts';
import { LimenError, messageOf } from '../domain/error.ts';
import type { Log } from '../host/log.ts';
import { isLoopbackName } from '../domain/loopback.ts';
import type { RouteOptions } from './routes.ts';
import { answersAt, socketPathBytesMax } from './socket-path.ts';

// A waiting page or scraper costs a socket each; a loop of them must not take the file handles of the sensors.
const connectionsMax = 128;
// What a request may still take when the listener closes.
const closeWithinMs = 1_000;

/** Where a listener waits: the unix socket serves everything, a TCP port health and metrics only. */
export type ListenAt =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

export interface HttpListener {
  /** `http://127.0.0.1:8080`; null for a unix socket. */
  readonly url: string | null;
  /** Path of the unix socket; null for TCP. */
  readonly path: string | null;
  /** Ends live streams in good order, lets requests finish for a second, then cuts them. */
  close(): Promise<void>;
}

export interface HttpServer {
  /** Throws `conflict` if somebody else is there already, `invalid` for a place that cannot be served. */
  listen(at: ListenAt): Promise<HttpListener>;
}

export interface HttpServerOptions {
  readonly api: LimenApi;
  readonly log: Log;
}

/** The HTTP door to the running program. Each `listen` opens one more listener. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return {
    listen: (at) =>
      'socketPath' in at ? listenSocket(at.socketPath, options) : listenTcp(at, options),
  };
}

async function listenSocket(path: string, options: HttpServerOptions): Promise<HttpListener> {
  if (Buffer.byteLength(path) > socketPathBytesMax) {
    throw new LimenError(
      'invalid',
      `The path of the socket "${path}" is longer than ${socketPathBytesMax} bytes; choose a shorter storage.directory`,
    );
  }
  await removeStaleSocket(path);
  const endings = new Set<() => void>();
  const server = createNodeServer('socket', { ...options, endings });
  await openServer(server, path, options.log, () => {
    // The file permission is the authority, so the socket must never exist with a wider one, not for a moment.
    const umask = process.umask(0o177);
    server.listen(path);
    process.umask(umask);
  });
  return { url: null, path, close: () => closeServer(server, endings) };
}

async function listenTcp(
  at: { host: string; port: number },
  options: HttpServerOptions,
): Promise<HttpListener> {
  if (!isLoopbackName(at.host)) {
    throw new LimenError(
      'invalid',
      `http.listen: "${at.host}" is not this machine; use 127.0.0.1 in this version`,
    );
  }
  const endings = new Set<() => void>();
  const server = createNodeServer('public', { ...options, endings });
  await openServer(server, `${at.host}:${at.port}`, options.log, () =>
    server.listen(at.port, at.host),
  );
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : at.port;
  const host = at.host.includes(':') ? `[${at.host}]` : at.host;
  return { url: `http://${host}:${port}`, path: null, close: () => closeServer(server, endings) };
}

/** A server whose routes are loaded with its first request: they take 9 MB that a quiet device need not spend. */
function createNodeServer(kind: 'socket' | 'public', options: RouteOptions): Server {
  let listener: Promise<RequestListener> | null = null;
  const server = createServer((incoming, outgoing) => {
    listener ??= loadListener(kind, options);
    void listener.then((answer) => answer(incoming, outgoing));
  });
  server.maxConnections = connectionsMax;
  return server;
}

async function loadListener(
  kind: 'socket' | 'public',
  options: RouteOptions,
): Promise<RequestListener> {
  const { getRequestListener } = await import('@hono/node-server');
  const { createPublicRoutes, createSocketRoutes } = await import('./routes.ts');
  const { problemResponse } = await import('./problem.ts');
  const routes = kind === 'socket' ? createSocketRoutes(options) : createPublicRoutes(options);
  const answer = getRequestListener(routes.fetch, {
    overrideGlobalObjects: false,
    errorHandler: (error) =>
      problemResponse(new LimenError('invalid', messageOf(error)), options.log),
  });
  return (incoming, outgoing) => void answer(incoming, outgoing);
}

async function openServer(
  server: Server,
  place: string,
  log: Log,
  listen: () => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('listening', resolve);
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const taken = cause.code === 'EADDRINUSE';
    const advice = taken
      ? 'another program listens there; stop it or choose another place'
      : cause.message;
    reject(
      new LimenError(taken ? 'conflict' : 'unavailable', `Cannot listen on ${place}: ${advice}`, {
        cause,
      }),
    );
  });
  listen();
  await promise;
  // Later errors are those of single connections, such as running out of file handles: the listener lives on.
  server.on('error', (error) => log.warn('listener error', { place, error: error.message }));
}

// Only a socket that nobody answers is left over from a crash; anything else belongs to somebody.
async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new LimenError('conflict', `"${path}" is in the way; remove it`);
  if (await answersAt(path))
    throw new LimenError('conflict', `Another Limen answers on "${path}"; stop it first`);
  rmSync(path, { force: true });
}

async function closeServer(server: Server, endings: ReadonlySet<() => void>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const end of endings) end();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), closeWithinMs);
  await closed;
  clearTimeout(cut);
}
