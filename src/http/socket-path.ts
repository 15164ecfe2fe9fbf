import { connect } from 'node:net';
import { LimenError } from '../domain/error.ts';

/** The kernel takes 108 bytes for a socket's path, the ending zero included. */
export const socketPathBytesMax = 107;

/**
 * Whether a program answers on a unix socket. False if there is no socket or nobody listens; throws `unavailable` if
 * it cannot be known, for want of permission above all.
 */
export async function answersAt(path: string): Promise<boolean> {
  if (Buffer.byteLength(path) > socketPathBytesMax) return false;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => resolve(true));
  socket.once('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED' || cause.code === 'ENOTDIR')
      return resolve(false);
    const advice =
      cause.code === 'EACCES'
        ? 'permission denied; run this as the user Limen runs as'
        : `${cause.message}; is the disk or the directory all right?`;
    reject(new LimenError('unavailable', `Cannot open "${path}": ${advice}`, { cause }));
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
