import type { Clock } from '../../host/clock.ts';

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
  /** It was told in the last run: it fails until it is known to work. */
  restore(output: string): void;
  /** Time for what was told in the last run to show again; then it is told to work. */
  tellAfter(ms: number): void;
  /** Why it fails, in words; null: it does not. */
  note(output: string, why: string | null): void;
  /** Nothing is told any more. */
  stop(): void;
}

/** Creates the faults. They are told in a turn of their own: the engine, which hears of them, may be in an input now. */
export function createOutputFaults({ clock, isThere, tell }: OutputFaultsOptions): OutputFaults {
  const failing = new Map<string, string>();
  const told = new Set<string>();
  let isStopped = false;

  const tellAll = (): void => {
    if (isStopped) return;
    for (const name of Array.from(told)) {
      if (failing.has(name)) continue;
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

  return {
    restore: (output) => void told.add(output),
    tellAfter(ms) {
      if (told.size > 0) clock.after(ms, tellAll);
    },
    note(output, why) {
      const wasTold = told.has(output);
      if (why === null) failing.delete(output);
      else failing.set(output, why);
      if (wasTold !== (why !== null)) clock.after(0, tellAll);
    },
    stop() {
      isStopped = true;
    },
  };
}
