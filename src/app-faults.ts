import type { Notifiers } from './consumers/notifiers/notifiers.ts';
import type { Engine, EngineInput } from './domain/engine.ts';
import { limits } from './domain/limits.ts';
import { faultRules, type FaultRule } from './domain/rule.ts';
import type { Clock } from './host/clock.ts';

/** What can fail about Limen itself. */
export interface FaultParts {
  readonly clock: Clock;
  readonly engine: Pick<Engine, 'open'>;
  readonly notifiers: Pick<Notifiers, 'health'>;
  readonly journal: { readonly postedForMs: number };
  isClockTrusted(): boolean;
  input(key: string, body: unknown, given: EngineInput): unknown;
}

/** What is told to the engine of Limen's own parts. */
export interface FaultWatch {
  /** To be called every second. */
  look(): void;
  /** An output fails, or obeys again; `note`: in words. */
  output(output: string, isThere: boolean, note: string): void;
}

/** The device of faults that are not about one part among several. */
const limen = 'limen';

/**
 * Tells the engine what fails and what works again, each once: Limen's own alerts. What was raised before a restart ends
 * when it is known to work, not before.
 */
export function createFaultWatch(parts: FaultParts): FaultWatch {
  const { clock, engine, notifiers, journal, input } = parts;
  const raised = new Map<string, { readonly rule: FaultRule; readonly device: string }>();
  for (const { rule, device, condition } of engine.open()) {
    const known = faultRules.find((name) => name === rule);
    if (known !== undefined && condition === 'breached')
      raised.set(keyOf(known, device), { rule: known, device });
  }
  let untrustedSinceMs: number | null = null;

  const tell = (rule: FaultRule, device: string, isThere: boolean, note: string): void => {
    const key = keyOf(rule, device);
    if (raised.has(key) === isThere) return;
    if (isThere) raised.set(key, { rule, device });
    else raised.delete(key);
    input(
      key,
      { rule, device, is_there: isThere, note },
      { kind: 'fault', rule, device, isThere, note },
    );
  };

  const lookAtNotifiers = (): void => {
    const present = notifiers.health();
    for (const { name, state, detail } of present) {
      if (state === 'failed')
        tell(
          'limen.notifier_failed',
          name,
          true,
          `The notifier ${name} fails: ${detail ?? 'no reason given'}`,
        );
      if (state === 'sound')
        tell('limen.notifier_failed', name, false, `The notifier ${name} delivers again`);
    }
    for (const { rule, device } of Array.from(raised.values())) {
      if (rule !== 'limen.notifier_failed' || present.some(({ name }) => name === device)) continue;
      tell(rule, device, false, `There is no notifier ${device} any more`);
    }
  };
  const lookAtStorage = (): void => {
    const isThere = journal.postedForMs > limits.storageFailedAfterMs;
    const note = isThere
      ? `No commit for ${limits.storageFailedAfterMs / 1000} s: nothing is recorded, readings wait for their acknowledgement`
      : 'Commits go on: what was kept in memory is recorded';
    tell('limen.storage', limen, isThere, note);
  };
  const lookAtClock = (): void => {
    if (parts.isClockTrusted()) {
      untrustedSinceMs = null;
      tell('limen.clock', limen, false, 'The wall clock is trusted');
      return;
    }
    untrustedSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - untrustedSinceMs < limits.clockFailedAfterMs) return;
    const minutes = limits.clockFailedAfterMs / 60_000;
    tell(
      'limen.clock',
      limen,
      true,
      `The wall clock has not been trusted for ${minutes} min: times of day may be wrong`,
    );
  };

  return {
    output: (output, isThere, note) => tell('limen.output_failed', output, isThere, note),
    look() {
      lookAtNotifiers();
      lookAtStorage();
      lookAtClock();
    },
  };
}

function keyOf(rule: FaultRule, device: string): string {
  return `${rule}/${device}`;
}
