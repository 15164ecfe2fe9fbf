import type { AlertKey } from './alert.ts';
import type { Config } from './config.ts';
import type { Severity } from './rule.ts';
import type { DurationMs, WallMs } from './time.ts';

/** What a backtest is asked: two configs, and the part of the stored history they are both run over. */
export interface BacktestRequest {
  /** The data folder. */
  readonly directory: string;
  /** The rules as they are. */
  readonly before: Config;
  /** The rules as they would be. */
  readonly after: Config;
  /** Only this rule; null: all of them. */
  readonly rule: string | null;
  readonly fromMs: WallMs;
  /** null: to the end. */
  readonly toMs: WallMs | null;
  /** Told now and then how far it is, from 0 to 1. */
  onProgress(fraction: number, readings: number): void;
  /** A file cannot be read and is passed over. */
  onUnreadable(path: string, reason: string): void;
}

/** One time that an alert was raised: from the raise to the end of its off-delay. */
export interface RaisedSpan {
  readonly startMs: WallMs;
  /** null: still raised where the history ends. */
  readonly endMs: WallMs | null;
  /** The worst it had. */
  readonly severity: Severity;
}

/** An alert that only one of both has, or that both have at other times or with another severity. */
export type AlertDifference = AlertKey &
  (
    | { readonly kind: 'gained'; readonly before: null; readonly after: RaisedSpan }
    | { readonly kind: 'lost'; readonly before: RaisedSpan; readonly after: null }
    | { readonly kind: 'moved'; readonly before: RaisedSpan; readonly after: RaisedSpan }
  );

export type DifferenceKind = AlertDifference['kind'];

/** How much of an alert there was. */
export interface AlertFigures {
  readonly alerts: number;
  readonly raisedMs: DurationMs;
  /** Alerts that came within a minute, or three intervals of the point, of the end of the one before. */
  readonly chatter: number;
}

/** One rule and point under both configs. */
export interface BacktestLine extends AlertKey {
  readonly before: AlertFigures;
  readonly after: AlertFigures;
  readonly gained: number;
  readonly lost: number;
  readonly moved: number;
}

/** What the history says would be better. */
export interface Suggestion {
  readonly rule: string;
  readonly key: 'deadband' | 'on_delay';
  /** As it is written in the config. */
  readonly value: string;
  readonly because: string;
}

/** The difference between two configs on the same history. */
export interface BacktestOutcome {
  /** What was looked at: not before the history begins, not after it ends. */
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  /** Readings in that time, judged or not. */
  readonly readings: number;
  /** Ordered by rule and point; those without any alert are left out. */
  readonly lines: readonly BacktestLine[];
  /** In the order in which they begin. */
  readonly differences: readonly AlertDifference[];
  /** How many more there were than are listed. */
  readonly differencesOmitted: number;
  readonly suggestions: readonly Suggestion[];
  /** Alerts that the rules which are new or changed cannot judge, in words. */
  readonly problems: readonly string[];
}
