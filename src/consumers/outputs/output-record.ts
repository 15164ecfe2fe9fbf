import type { OutputSpec, OutputStatus } from '../../domain/output.ts';
import type { Seq } from '../../domain/reading.ts';
import type { OutputReason, Verdict } from './arbiter.ts';
import { instructionFor, instructionText, type Wanted } from './instruction.ts';
import type { OutputClaims } from './output-claims.ts';
import type { OutputDevice } from './output-device.ts';
import { placeOf, storedHold, type OutputRow } from './output-memory.ts';
import type { OutputOverrides } from './output-overrides.ts';
import type { OutputNeighbours, OutputSurroundings } from './output-surroundings.ts';

/** What a row tells of. */
export interface RecordParts {
  readonly claims: OutputClaims;
  readonly overrides: OutputOverrides;
  readonly device: OutputDevice;
  readonly around: OutputSurroundings;
  readonly neighbours: Pick<OutputNeighbours, 'placesLeft'>;
}

type Said = Omit<Verdict, 'reason'> & Pick<OutputStatus, 'reason'>;

/** What is commanded of one output and why: as its last row in the journal has it, and as it is shown. */
export class OutputRecord {
  readonly #parts: RecordParts;
  /** What the device shows now; null: it shows no text. */
  #text: string | null = null;
  #status: OutputStatus;
  #last: readonly Seq[] = [];

  constructor(spec: OutputSpec, parts: RecordParts) {
    this.#parts = parts;
    const reason: OutputReason = 'start';
    const said = { level: spec.safe, owner: null, reason, detail: null };
    this.#status = this.#statusOf(spec, said, { sinceAt: parts.around.wallMs(), seq: 0 });
  }

  get status(): OutputStatus {
    return this.#status;
  }

  /** The last row, as the cause of what a timer does; none: there is no row yet. */
  get last(): readonly Seq[] {
    return this.#last;
  }

  /** What the device is to do now. */
  get wanted(): Wanted {
    const { commanded: level, seq } = this.#status;
    return { level, seq, text: this.#text };
  }

  /** Another level, owner, reason or text. `isSent`: it is sent right after its row. */
  command(
    spec: OutputSpec,
    verdict: Verdict,
    {
      cause,
      text,
      isSent,
    }: { readonly cause: readonly Seq[]; readonly text: string | null; readonly isSent: boolean },
  ): void {
    this.#text = text;
    const { commanded, sinceAt } = this.#status;
    const isSame = verdict.level === commanded;
    const since = isSame ? sinceAt : this.#parts.around.wallMs();
    this.#write(spec, verdict, { sinceAt: since, cause, isSent });
  }

  /** Something else in the row has changed. */
  renew(spec: OutputSpec, cause: readonly Seq[]): void {
    const { commanded: level, owner, reason, detail, sinceAt } = this.#status;
    this.#write(spec, { level, owner, reason, detail }, { sinceAt, cause, isSent: false });
  }

  #write(
    spec: OutputSpec,
    said: Said,
    {
      sinceAt,
      cause,
      isSent,
    }: { readonly sinceAt: number; readonly cause: readonly Seq[]; readonly isSent: boolean },
  ): void {
    const { claims, overrides, device, around, neighbours } = this.#parts;
    const { level, owner, reason, detail } = said;
    const number = around.journal.nextSeq;
    const sent = instructionFor(spec, { level, seq: number, text: this.#text });
    const row: OutputRow = {
      commanded: level,
      state: device.state,
      owner,
      reason,
      detail,
      cause,
      sent: isSent ? instructionText(sent) : null,
      since_at: sinceAt,
      spent: [...claims.spent.values()],
      idle_spent: claims.isIdleSpent,
      hold: storedHold(overrides.hold),
      trip: overrides.trip,
      order: overrides.order,
      place: placeOf(spec, number),
      left: neighbours.placesLeft(),
    };
    const seq = around.journal.append('output', spec.name, row);
    this.#last = [seq];
    this.#status = this.#statusOf(spec, said, { sinceAt, seq });
  }

  #statusOf(
    { name }: OutputSpec,
    { level, owner, reason, detail }: Said,
    { sinceAt, seq }: Pick<OutputStatus, 'sinceAt' | 'seq'>,
  ): OutputStatus {
    const { overrides, device } = this.#parts;
    return {
      name,
      state: device.state,
      commanded: level,
      owner,
      reason,
      sinceAt,
      seq,
      detail,
      hold: overrides.shownHold,
      trip: overrides.trip,
    };
  }
}
