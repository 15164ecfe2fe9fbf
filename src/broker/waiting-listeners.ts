import type { Listen } from '../domain/config.ts';
import type { Log } from '../host/log.ts';
import type { EmbeddedBroker } from './embedded.ts';
import { isLoopbackName } from '../domain/loopback.ts';
import type { ListenRequest } from './listeners.ts';

/** The listeners of the config: those of the network wait until a user exists. */
export interface WaitingListeners {
  /** Opens what may be open now; to be called again when a user was added. */
  open(): Promise<void>;
  /** Where the broker waits, as URLs. */
  readonly urls: readonly string[];
  /** An `mqtt://` URL where nobody has to log in: for the simulated devices. null: there is none. */
  readonly openToAll: string | null;
}

/** What decides which listeners open. */
export interface WaitingListenersOptions {
  readonly listen: readonly Listen[];
  readonly anonymous: 'loopback' | 'never';
  readonly embedded: EmbeddedBroker;
  readonly log: Log;
  hasUsers(): boolean;
}

/** Creates the listeners; none is open before `open`. */
export function createListeners(options: WaitingListenersOptions): WaitingListeners {
  const { embedded, log } = options;
  const urls: string[] = [];
  let openToAll: string | null = null;
  let waiting: ListenRequest[] = options.listen.map((listen) => ({
    ...listen,
    loginRequired: !isLoopbackName(listen.host) || options.anonymous === 'never',
  }));
  return {
    urls,
    get openToAll() {
      return openToAll;
    },
    async open() {
      const ready = waiting.filter(({ host }) => isLoopbackName(host) || options.hasUsers());
      waiting = waiting.filter((request) => !ready.includes(request));
      const opened = await embedded.listen(ready);
      for (const [at, url] of opened.entries()) {
        urls.push(url);
        log.info(`listening on ${url}`);
        if (url.startsWith('mqtt:') && ready[at]?.loginRequired === false) openToAll ??= url;
      }
      for (const { scheme, host, port } of waiting) {
        log.warn(
          `${scheme}://${host}:${port} stays closed: it can be reached from the network and no user exists yet. ` +
            'Type: limen user add <name>',
        );
      }
    },
  };
}
