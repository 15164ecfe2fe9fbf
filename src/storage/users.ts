import { join } from 'node:path';
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
  const state = new StateFile(join(directory, 'state.db'));
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
