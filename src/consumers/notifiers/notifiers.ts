import { alertFacts, type AlertEvent } from '../../domain/alert.ts';
import type { NotifierStatus } from '../../domain/api.ts';
import type { ActingRule, NotifierSpec } from '../../domain/config.ts';
import { limits } from '../../domain/limits.ts';
import { noFaultPoint, type FaultPoint } from '../fault-point.ts';
import { readProgress, type BacklogProgress } from './backlog.ts';
import { createCommand } from './command.ts';
import { toldAlert, type Deliver, type PendingNotification } from './delivery.ts';
import { notifyEdge, notifyTargets } from './edges.ts';
import { NotifierQueue, type NotifierHealth, type QueueSurroundings } from './notifier-queue.ts';
import { createWebhook } from './webhook.ts';

export interface NotifiersOptions extends Pick<
  QueueSurroundings,
  'clock' | 'log' | 'metrics' | 'journal' | 'site'
> {
  readonly specs: readonly NotifierSpec[];
  readonly rules: readonly ActingRule[];
  /** What programs inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Committed notifications of a notifier with a seq above `afterSeq`, in order, whether finished or not. Fewer than
   * `limit`: there are no more on disk at present.
   */
  readPending(
    notifier: string,
    afterSeq: number,
    limit: number,
  ): Promise<readonly PendingNotification[]>;
  readonly faultPoint?: FaultPoint;
  /** Notifications waiting in memory for one notifier. */
  readonly queueMax?: number;
}

/** The consumer that tells people. Works behind the disk: what is told is recorded, unless storage stalls. */
export interface Notifiers {
  /**
   * Goes on where the last process ended. `memory`: the body of the last journal row of kind `notification` of each
   * notifier, by name. To be called once; what was offered before waits until then.
   */
  start(memory: ReadonlyMap<string, unknown>): void;
  /**
   * Takes an event at its emission and returns the notifiers that are to be told: the app stores the names as `notify`
   * in the event's row, which it appends in the same tick. Never waits, never throws.
   */
  offer(event: AlertEvent): readonly string[];
  /** True: no commit has succeeded for 2 s; delivery goes on from memory, marked as not recorded. */
  stalled(isStalled: boolean): void;
  /**
   * Applies another config. `judge` gives the engine its part: what alerts do by it is told as the new rules say, and
   * the end of a removed rule's alerts as that rule said.
   */
  configure(specs: readonly NotifierSpec[], rules: readonly ActingRule[], judge?: () => void): void;
  statuses(): readonly NotifierStatus[];
  health(): readonly NotifierHealth[];
  /** Lets attempts under way end within `graceMs`; what is not finished is taken up at the next start. */
  stop(graceMs?: number): Promise<void>;
}

const graceDefaultMs = 2_000;
const theBeginning: BacklogProgress = { cursor: 0, beyond: [] };

/** Creates the notifiers; nothing is delivered before `start`. */
export function createNotifiers(options: NotifiersOptions): Notifiers {
  const { journal } = options;
  let rules = byName(options.rules);
  let awaitsCommit = false;
  let isStalled = false;
  let isStarted = false;
  const queues = new Map<string, NotifierQueue>();
  // Of those that have no queue at present too: a notifier may come back into the config.
  const progress = new Map<string, BacklogProgress>();
  const around: QueueSurroundings = {
    ...options,
    faultPoint: options.faultPoint ?? noFaultPoint,
    queueMax: options.queueMax ?? limits.notificationsQueueMax,
    committedSeq: () => journal.committedSeq,
    isStalled: () => isStalled,
  };

  const pumpAll = (): void => {
    for (const queue of queues.values()) queue.pump();
  };

  // The row of an offered event is appended only after the offer: the wait for its commit begins once it has been.
  const pumpAfterCommit = (): void => {
    if (awaitsCommit) return;
    awaitsCommit = true;
    queueMicrotask(() => {
      awaitsCommit = false;
      journal.afterCommit(pumpAll);
    });
  };

  const startQueue = (name: string, queue: NotifierQueue): void =>
    queue.start(progress.get(name) ?? theBeginning);

  const openQueue = (spec: NotifierSpec): void => {
    const queue = new NotifierQueue(spec.name, createDeliver(spec, options), around);
    queues.set(spec.name, queue);
    if (isStarted) startQueue(spec.name, queue);
  };

  options.specs.forEach(openQueue);

  return {
    start(memory) {
      isStarted = true;
      for (const [name, body] of memory) progress.set(name, readProgress(body));
      for (const [name, queue] of queues) startQueue(name, queue);
    },

    offer(event) {
      const rule = rules.get(event.alert.rule);
      const edge = notifyEdge(event);
      if (rule === undefined || edge === null) return [];
      const targets = notifyTargets(rule, event).filter((name) => queues.has(name));
      if (targets.length === 0) return targets;
      const { seq, id } = event.alert;
      const alert = toldAlert(alertFacts(event.alert), event.notice);
      const notification = { seq, edge, id, alert, drill: event.drill };
      for (const name of targets) queues.get(name)?.offer(notification);
      pumpAfterCommit();
      return targets;
    },

    stalled(isNowStalled) {
      isStalled = isNowStalled;
      pumpAll();
    },

    configure(specs, newRules, judge) {
      rules = new Map([...rules, ...byName(newRules)]);
      for (const spec of specs) {
        const queue = queues.get(spec.name);
        if (queue === undefined) openQueue(spec);
        else queue.redirect(createDeliver(spec, options));
      }
      judge?.();
      rules = byName(newRules);
      const wanted = new Set(specs.map(({ name }) => name));
      for (const [name, queue] of queues) {
        if (wanted.has(name)) continue;
        queue.abandon();
        progress.set(name, queue.progress);
        queues.delete(name);
      }
    },

    statuses: () => [...queues.values()].map(({ status }) => status),
    health: () => [...queues.values()].map(({ health }) => health),

    async stop(graceMs = graceDefaultMs) {
      await Promise.all([...queues.values()].map((queue) => queue.stop(graceMs)));
    },
  };
}

function createDeliver(spec: NotifierSpec, { clock, environment }: NotifiersOptions): Deliver {
  switch (spec.kind) {
    case 'webhook':
      return createWebhook({ url: spec.url, clock });
    case 'command':
      return createCommand({ command: spec.command, environment, clock });
  }
}

function byName(rules: readonly ActingRule[]): ReadonlyMap<string, ActingRule> {
  return new Map(rules.map((rule) => [rule.name, rule]));
}
