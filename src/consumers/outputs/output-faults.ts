import type { Clock, Timer } from '../../host/clock.ts';

/** What is needed to tell of outputs that fail. */
export interface OutputFaultsOptions {
  readonly clock: Clock;
  /** Whether the config has this output. */
  isThere(output: string): boolean;
  /** An output fails, or works again; `note`: in words. */
  tell(output: string, isFailing: boolean, note: string): void;
}

/** Which outputs fail, and of which people know it: each change is told once. */
export interface OutputFaults {
  /** It was told to fail in the last run, and is until it is known to work: if it has not failed again by then. */
  restore(output: string, withinMs: number): void;
  /** Another device takes its place: the same of it, if the one before was told to fail. */
  replace(output: string, withinMs: number): void;
  /** Why it fails, in words; null: it does not. */
  note(output: string, why: string | null): void;
  /** Nothing is told any more. */
  stop(): void;
}

/** Creates the faults. They are told in a turn of their own: the engine, which hears of them, may be in an input now. */
export function createOutputFaults({ clock, isThere, tell }: OutputFaultsOptions): OutputFaults {
  const failing = new Map<string, string>();
  const told = new Set<string>();
  /** These may still show that they fail, each until its timer ends. */
  const unproven = new Map<string, Timer>();
  let isStopped = false;

  const tellAll = (): void => {
    if (isStopped) return;
    for (const name of Array.from(told)) {
      if (failing.has(name) || (unproven.has(name) && isThere(name))) continue;
      told.delete(name);
      const note = isThere(name)
        ? `The output ${name} obeys again`
        : `There is no output ${name} any more`;
      tell(name, false, note);
    }
    for (const [name, why] of failing) {
      if (told.has(name)) continue;
      told.add(name);
      tell(name, true, `The output ${name} fails: ${why}`);
    }
  };

  const prove = (output: string, withinMs: number): void => {
    unproven.get(output)?.cancel();
    const timer = clock.after(withinMs, () => {
      unproven.delete(output);
      tellAll();
    });
    unproven.set(output, timer);
  };

  return {
    restore(output, withinMs) {
      told.add(output);
      prove(output, withinMs);
    },
    replace(output, withinMs) {
      failing.delete(output);
      if (told.has(output)) prove(output, withinMs);
    },
    note(output, why) {
      const wasTold = told.has(output);
      unproven.get(output)?.cancel();
      unproven.delete(output);
      if (why === null) failing.delete(output);
      else failing.set(output, why);
      if (wasTold !== (why !== null)) clock.after(0, tellAll);
    },
    stop() {
      isStopped = true;
    },
  };
}
