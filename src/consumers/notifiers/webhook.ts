import { messageOf } from '../../domain/error.ts';
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../host/clock.ts';
import { splitCredentials } from '../web-address.ts';
import {
  deliveryText,
  idempotencyKey,
  shortDetail,
  type Deliver,
  type Outcome,
} from './delivery.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

const redirectsMax = 3;

/**
 * A notifier that POSTs JSON. 2xx: delivered; 408, 425, 429, 5xx, no connection or no answer in time: tried again;
 * anything else is final. A redirect is followed only where it keeps the method and stays on the host.
 */
export function createWebhook(options: WebhookOptions): Deliver {
  const { clock, timeoutMs = limits.webhookTimeoutMs } = options;
  return async (delivery, signal) => {
    const timeout = new AbortController();
    const timer = clock.after(timeoutMs, () => {
      timeout.abort(new Error(`no answer within ${timeoutMs / 1000} s`));
    });
    try {
      const request = {
        body: deliveryText(delivery),
        key: idempotencyKey(delivery.notification),
        signal: AbortSignal.any([signal, timeout.signal]),
      };
      return outcomeOf(await post(new URL(options.url), request));
    } catch (error) {
      return { kind: 'retry', status: null, detail: shortDetail(reasonOf(error)) };
    } finally {
      timer.cancel();
    }
  };
}

interface PostRequest {
  readonly body: string;
  readonly key: string;
  readonly signal: AbortSignal;
}

async function post(url: URL, request: PostRequest): Promise<Response> {
  const { body, key, signal } = request;
  const split = splitCredentials(url);
  const { headers } = split;
  headers.set('content-type', 'application/json');
  headers.set('idempotency-key', key);
  let { target } = split;
  for (let redirects = 0; ; redirects += 1) {
    const response = await fetch(target, {
      method: 'POST',
      headers,
      body,
      signal,
      redirect: 'manual',
    });
    // Nothing in the answer matters; what is not read would hold the connection.
    await response.body?.cancel();
    const next = redirectTarget(response, target);
    if (next === null || redirects === redirectsMax) return response;
    target = next;
  }
}

function redirectTarget(response: Response, from: URL): URL | null {
  const location = response.headers.get('location');
  if ((response.status !== 307 && response.status !== 308) || location === null) return null;
  const target = URL.parse(location, from.href);
  return target !== null && target.origin === from.origin ? target : null;
}

function outcomeOf({ status, statusText }: Response): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered', status, detail: null };
  const isTransient = status === 408 || status === 425 || status === 429 || status >= 500;
  const kind = isTransient ? 'retry' : 'failed';
  return { kind, status, detail: shortDetail(`HTTP ${status} ${statusText}`) };
}

// fetch says "fetch failed" and keeps the reason in the cause.
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause) || messageOf(error);
}
