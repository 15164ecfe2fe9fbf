import type { EmbeddedBroker } from './broker/embedded.ts';
import type { EngineTime } from './channel/engine-time.ts';
import type { Journal } from './channel/journal.ts';
import type { Notifiers } from './consumers/notifiers/notifiers.ts';
import type { Outputs } from './consumers/outputs/outputs.ts';
import { alertKey, type AlertEvent } from './domain/alert.ts';
import type { DrillStep, NotifierStatus } from './domain/api.ts';
import type { Config } from './domain/config.ts';
import { LimenError } from './domain/error.ts';
import { isReadBack } from './domain/output.ts';
import type { Rule } from './domain/rule.ts';
import { alertTopic } from './domain/topic.ts';
import type { Clock } from './host/clock.ts';
import { drillEnd, drillRaise, type DrillMoment } from './rules/drill.ts';

/** The parts that a drill goes through. */
export interface DrillParts {
  config(): Config;
  readonly clock: Clock;
  readonly time: EngineTime;
  readonly journal: Journal;
  readonly embedded: EmbeddedBroker;
  readonly outputs: Outputs;
  readonly notifiers: Notifiers;
  emit(event: AlertEvent): void;
}

const stepWithinMs = 5_000;
const notifyWithinMs = 30_000;
const lookEveryMs = 20;
/** So long the test alert holds its outputs, for a person to see the lamp. */
const holdMs = 3_000;

/** Makes the drill of the program: a marked test alert through the true path, step by step. */
export function createDrill(parts: DrillParts): (rule: string) => AsyncIterable<DrillStep> {
  return (name) => {
    const rule = parts.config().rules.find((each) => each.name === name);
    if (rule === undefined) {
      const known = parts
        .config()
        .rules.map((each) => each.name)
        .join(', ');
      throw new LimenError('not_found', `There is no rule "${name}"; there are: ${known}`);
    }
    return drill(parts, rule);
  };
}

async function* drill(parts: DrillParts, rule: Rule): AsyncGenerator<DrillStep> {
  const { clock, time, journal, embedded, outputs, notifiers } = parts;
  const startMs = clock.monotonicMs();
  const elapsed = (): number => Math.round((clock.monotonicMs() - startMs) * 10) / 10;
  const step = (name: string, ok: boolean | null, detail: string): DrillStep => ({
    step: name,
    result: ok === null ? 'skipped' : ok ? 'ok' : 'failed',
    detail,
    elapsed_ms: elapsed(),
  });
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(ms, resolve);
    });

  const asked = journal.append('drill', rule.name, { rule: rule.name });
  const moment = (): DrillMoment => ({
    seq: journal.nextSeq,
    at: time.now(),
    wallMs: time.wallOf(time.now()),
    cause: asked,
  });
  const before = new Map(notifiers.statuses().map((status) => [status.name, status]));
  const raise = drillRaise(rule, moment());
  const { alert } = raise;
  const seen = embedded.awaitTopic(alertTopic(parts.config().publish.prefix, alert), stepWithinMs);
  parts.emit(raise);
  // Driven in the same tick; the steps before they are reported may take longer than the alert lasts.
  const driven = outputs.statuses();
  const over = Promise.withResolvers<void>();
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    parts.emit(drillEnd(alert, moment()));
    over.resolve();
  };
  // By the clock: a notifier may take ten times as long to have a result, or to be given up.
  const holding = clock.after(holdMs, end);

  try {
    yield step('raised', true, `${alert.id}, ${alert.severity}`);
    yield step('published', await seen, 'retained alert went round the broker');
    await journal.drained();
    yield step('recorded', true, `row ${alert.seq} is on disk`);
    for (const action of rule.then) {
      if (action.kind !== 'claim') continue;
      const { ok, detail } = await followed(action.output);
      yield step(`output ${action.output}`, ok, detail);
    }
    for (const action of rule.then) {
      if (action.kind !== 'notify') continue;
      const name = action.notifier;
      if (!action.on.includes('active')) {
        yield step(`notifier ${name}`, null, 'not told when the alert becomes active');
        continue;
      }
      const told = await settled(name);
      yield step(`notifier ${name}`, told.ok, told.detail);
    }
    if (rule.then.length === 0) yield step('actions', null, 'the rule has no "then:"');
    await over.promise;
    await journal.drained();
    yield step('ended', true, 'the test alert is gone, and with it what it held');
  } finally {
    holding.cancel();
    end();
  }

  /** Waits until the device of an output shows what it was commanded, if it can show it. */
  async function followed(name: string): Promise<{ ok: boolean; detail: string }> {
    const status = driven.find((each) => each.name === name);
    const spec = parts.config().outputs.find((each) => each.name === name);
    if (status === undefined || spec === undefined)
      return { ok: false, detail: 'there is no such output' };
    const { owner, reason, commanded } = status;
    if (owner !== alertKey(alert)) {
      return {
        ok: false,
        detail: `held by ${owner ?? 'nobody'} (${reason}), commanded ${commanded}`,
      };
    }
    if (!isReadBack(spec))
      return { ok: true, detail: `commanded ${commanded}; the device does not confirm it` };
    const withinMs = spec.feedback?.withinMs ?? stepWithinMs;
    const giveUpMs = clock.monotonicMs() + withinMs;
    for (;;) {
      const state = outputs.statuses().find((each) => each.name === name)?.state ?? 'unknown';
      if (state === commanded)
        return { ok: true, detail: `commanded ${commanded}, read back ${state}` };
      if (ended || clock.monotonicMs() >= giveUpMs) {
        const shown = state === 'unknown' ? 'nothing is read back' : `read back ${state}`;
        return { ok: false, detail: `commanded ${commanded}, ${shown}` };
      }
      await pause(lookEveryMs);
    }
  }

  /** Waits until the notifier has one result more than before. */
  async function settled(name: string): Promise<{ ok: boolean; detail: string }> {
    const giveUpMs = clock.monotonicMs() + notifyWithinMs;
    const old = before.get(name);
    for (;;) {
      const now = notifiers.statuses().find((each) => each.name === name);
      if (now !== undefined && grew(old, now, 'delivered'))
        return { ok: true, detail: 'delivered' };
      if (now !== undefined && grew(old, now, 'failed')) {
        return { ok: false, detail: now.last_error ?? 'failed' };
      }
      if (clock.monotonicMs() >= giveUpMs) {
        return {
          ok: false,
          detail: `no result in ${notifyWithinMs / 1000} s: ${now?.last_error ?? 'still trying'}`,
        };
      }
      await pause(lookEveryMs);
    }
  }
}

function grew(
  before: NotifierStatus | undefined,
  now: NotifierStatus,
  key: 'delivered' | 'failed',
): boolean {
  return now[key] > (before?.[key] ?? 0);
}
