import { LimenError } from '../domain/error.ts';
import type { CliHost } from './cli-host.ts';
import type { ConfigOption } from './config-file.ts';
import { findDirectory, findRunning } from './data-source.ts';

/** The users of the broker, whether Limen runs or not. */
export interface UserStore extends AsyncDisposable {
  set(name: string, password: string): Promise<void>;
  remove(name: string): Promise<void>;
  list(): Promise<readonly string[]>;
}

/**
 * Through the running Limen, which lets the change hold for the next login; else in its files, under the lock that
 * keeps a starting Limen away.
 */
export async function openUserStore(host: CliHost, options: ConfigOption): Promise<UserStore> {
  const client = await findRunning(host, options);
  if (client !== null) {
    return {
      set: (name, password) => client.setUser(name, password),
      remove: (name) => client.removeUser(name),
      list: () => client.users(),
      async [Symbol.asyncDispose]() {
        // Each request had a connection of its own: nothing is left open.
      },
    };
  }
  const directory = await findDirectory(host, options);
  const { takeInstanceLock } = await import('../storage/instance-lock.ts');
  const { openUsers } = await import('../storage/users.ts');
  const lock = takeInstanceLock(directory);
  const users = openUsers(directory);
  return {
    set: async (name, password) => users.set(name, await host.createCredential(password)),
    async remove(name) {
      if (!users.remove(name)) throw new LimenError('not_found', `There is no user "${name}"`);
    },
    list: async () => users.list(),
    async [Symbol.asyncDispose]() {
      users.close();
      lock.release();
    },
  };
}
