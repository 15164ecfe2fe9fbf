import { alertKey, type AlertEvent, type Condition } from '../domain/alert.ts';
import type { OutputSpec, OutputStatus } from '../domain/output.ts';
import type { Difference, Failure, Place, SeenEvent, TimelineEntry } from '../domain/rehearsal.ts';
import type { SeenCommand } from './sequence.ts';
import { createTimeline } from './timeline.ts';

/** What happened in a test, and what was not as expected. */
export class Record {
  readonly events: SeenEvent[] = [];
  readonly flags: SeenEvent[] = [];
  readonly commands: SeenCommand[] = [];
  readonly failures: Failure[] = [];
  /** How often each notifier was told something. */
  readonly notified = new Map<string, number>();
  readonly #timeline = createTimeline();
  readonly #levels: Map<string, string>;
  readonly #conditions = new Map<string, Condition>();

  constructor(outputs: readonly OutputSpec[]) {
    this.#levels = new Map(outputs.map(({ name, safe }) => [name, safe]));
  }

  get timeline(): readonly TimelineEntry[] {
    return this.#timeline.entries;
  }

  /** Outputs that another config brings; they begin safe. */
  addOutputs(outputs: readonly OutputSpec[]): void {
    for (const { name, safe } of outputs) if (!this.#levels.has(name)) this.#levels.set(name, safe);
  }

  tell(atMs: number, kind: TimelineEntry['kind'], text: string): void {
    this.#timeline.add(atMs, kind, text);
  }

  alert(
    atMs: number,
    { kind, alert, from, to, reason, notice, hushed }: AlertEvent,
    notify: readonly string[],
  ): void {
    const { severity, value, rule, condition } = alert;
    const key = alertKey(alert);
    const before = this.#conditions.get(key);
    this.#conditions.set(key, condition);
    for (const name of notify) this.notified.set(name, (this.notified.get(name) ?? 0) + 1);
    const untold = hushed === undefined ? '' : ` (not told: ${hushed})`;
    const told = notify.length === 0 ? untold : ` → ${notify.join(', ')}`;
    if (kind === 'flag') {
      this.flags.push({ atMs, alert: key, rule, from, to, reason, severity, value, notify });
      this.tell(atMs, 'alert', `${key}: ${to}, ${reason.replaceAll('_', ' ')}${told}`);
      return;
    }
    if (notice !== undefined) {
      this.tell(atMs, 'alert', `${key}: ${reason.replaceAll('_', ' ')}, "${notice.text}"${told}`);
      return;
    }
    if (kind !== 'transition') {
      // Not each reading is worth a line, but that nothing is known any more is, and that it is known again.
      const isNews = before !== undefined && before !== condition;
      if (isNews && (before === 'unknown' || condition === 'unknown'))
        this.tell(atMs, 'alert', `${key}: ${to}, condition ${condition}`);
      return;
    }
    this.events.push({ atMs, alert: key, rule, from, to, reason, severity, value, notify });
    this.tell(atMs, 'alert', `${key}: ${from} → ${to} (${reason}, ${severity})${told}`);
  }

  /** An output said how it is; only another level than before is a change. */
  output(atMs: number, { name, commanded, owner, reason }: OutputStatus): void {
    if (this.#levels.get(name) === commanded) return;
    this.#levels.set(name, commanded);
    this.commands.push({ atMs, output: name, to: commanded });
    const why = owner === null ? reason : `${reason}, ${owner}`;
    this.tell(atMs, 'output', `${name} ${commanded} (${why})`);
  }

  fail(failure: Failure): void {
    this.failures.push(failure);
    const { atMs, subject, differences } = failure;
    if (atMs === null) return;
    for (const { what, expected, actual } of differences)
      this.tell(atMs, 'failure', `${subject} ${what}: expected ${expected}, was ${actual}`);
  }

  /** A step that did not come to what it should. */
  failStep(
    atMs: number,
    { line, column }: Place,
    subject: string,
    difference: Omit<Difference, 'what'>,
  ): void {
    const differences = [{ what: 'result', ...difference }];
    this.fail({ line, column, atMs, subject, differences, diff: [] });
  }
}
