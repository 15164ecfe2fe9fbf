import { alertKey, type Alert } from '../../domain/alert.ts';
import type { OutputSpec } from '../../domain/output.ts';
import type { OutputMemory } from './output-memory.ts';
import { respend, spend, type Claim, type SpentClaim } from './arbiter.ts';

/** An alert that changed. `renews`: it was escalated or reset, so its spent claims count again. */
export interface ChangedAlert {
  readonly alert: Alert;
  readonly renews: boolean;
}

/** The claims on one output, and what of them, or of an idle level that energises, is spent. */
export class OutputClaims {
  readonly #present = new Map<string, Claim>();
  readonly #spent = new Map<string, SpentClaim>();
  #isIdleSpent = false;

  /** By `rule/device/metric`. */
  get present(): ReadonlyMap<string, Claim> {
    return this.#present;
  }

  get spent(): ReadonlyMap<string, SpentClaim> {
    return this.#spent;
  }

  get isIdleSpent(): boolean {
    return this.#isIdleSpent;
  }

  get isAnySpent(): boolean {
    return this.#spent.size > 0 || this.#isIdleSpent;
  }

  /** Takes over what was spent in the last run, as far as it still is. `open`: every open alert by its key. */
  restore(
    { spent, idleSpent }: Pick<OutputMemory, 'spent' | 'idleSpent'>,
    open: ReadonlyMap<string, Alert>,
  ): void {
    this.#isIdleSpent = idleSpent;
    for (const each of spent) {
      const alert = open.get(each.alert);
      const left = alert === undefined ? null : respend(each, alert);
      if (left !== null) this.#spent.set(left.alert, left);
    }
  }

  /** These, and no others, are there now. */
  replace(claims: Iterable<Claim>): void {
    this.#present.clear();
    for (const claim of claims) this.#present.set(alertKey(claim.alert), claim);
  }

  /**
   * These, and no others, are there now, by another config. `changed`: alerts that changed by it, in order, each with
   * whether its spent claims count again. Returns those that had or have a claim, and whether what is spent changed.
   */
  reconfigure(
    claims: Iterable<Claim>,
    changed: readonly ChangedAlert[],
  ): { readonly claiming: readonly Alert[]; readonly isSpentChanged: boolean } {
    const before = new Set(this.#present.keys());
    this.replace(claims);
    const claiming: Alert[] = [];
    let isSpentChanged = false;
    for (const { alert, renews } of changed) {
      const key = alertKey(alert);
      if (before.has(key) || this.#present.has(key)) claiming.push(alert);
      if (this.respend(alert, renews)) isSpentChanged = true;
    }
    return { claiming, isSpentChanged };
  }

  /** The claim of one alert; null: it has none now. */
  put(alert: Alert, claim: Claim | null): void {
    if (claim === null) this.#present.delete(alertKey(alert));
    else this.#present.set(alertKey(alert), claim);
  }

  /** Whether an alert has a claim, or had one that is spent. */
  knows(alert: Alert): boolean {
    const key = alertKey(alert);
    return this.#present.has(key) || this.#spent.has(key);
  }

  /** An alert changed. `renews`: it was escalated or reset. Returns whether what is spent changed. */
  respend(alert: Alert, renews: boolean): boolean {
    const key = alertKey(alert);
    const spent = this.#spent.get(key);
    if (spent === undefined) return false;
    const left = renews ? null : respend(spent, alert);
    if (left === null) this.#spent.delete(key);
    else this.#spent.set(key, left);
    return left !== spent;
  }

  /** It was energised for as long as it may be: what is there now is spent. */
  spendPresent({ safe, idle }: Pick<OutputSpec, 'safe' | 'idle'>): void {
    for (const { alert, level } of this.#present.values()) {
      if (level !== safe) this.#spent.set(alertKey(alert), spend(alert));
    }
    this.#isIdleSpent = idle !== safe;
  }

  /** An alert energises it again: after that, its idle level may. */
  renewIdle(): void {
    this.#isIdleSpent = false;
  }

  /** The claims of alerts are not spent any more. */
  renewAlerts(): void {
    this.#spent.clear();
  }

  /** Nothing is spent any more. */
  renewAll(): void {
    this.renewAlerts();
    this.renewIdle();
  }

  /** Nothing wants anything any more. */
  clear(): void {
    this.#present.clear();
  }
}
