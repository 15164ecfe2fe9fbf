import { join } from 'node:path';
import { LimenError, messageOf } from '../domain/error.ts';
import { isDamaged } from './damage.ts';
import { StateFile } from './state-file.ts';

/** The users in `state.db`, for when Limen does not run. The caller holds the instance lock. */
export interface UserTable {
  set(name: string, credential: string): void;
  /** False if there was none. */
  remove(name: string): boolean;
  list(): string[];
  close(): void;
}

/** Opens the users of a data folder. */
export function openUsers(directory: string): UserTable {
  const state = openState(join(directory, 'state.db'));
  return {
    set: (name, credential) => state.setUser(name, credential),
    remove: (name) => state.removeUser(name),
    list: () => [...state.users().keys()],
    close: () => {
      state.checkpoint();
      state.close();
    },
  };
}

function openState(path: string): StateFile {
  try {
    return new StateFile(path);
  } catch (error) {
    if (!isDamaged(error, path)) throw error;
    throw new LimenError(
      'unavailable',
      `Cannot read ${path}: ${messageOf(error)}. Start Limen once: it will set it aside`,
      { cause: error },
    );
  }
}
