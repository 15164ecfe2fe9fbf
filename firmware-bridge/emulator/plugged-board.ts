import { fork, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import type { PinShows } from './board.ts';
import type { BoardReport, BoardRequest } from './board-messages.ts';

/** Limen's firmware for the Uno. */
export const limenFirmware = join(import.meta.dirname, '../limen-board/limen-board.uno.hex');

type ReportOf<Kind extends BoardReport['kind']> = Extract<BoardReport, { kind: Kind }>;

/**
 * An emulated Uno on a port of this machine, in a process of its own and at the pace of life. It ends with `stop`, or
 * with the process that started it. Its `path` stays the same over `unplug` and `plug`, as a link in
 * `/dev/serial/by-id` does.
 */
export class PluggedBoard {
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #reports: BoardReport[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(child: ChildProcess, path: string) {
    this.#child = child;
    this.path = path;
    child.on('message', (report: BoardReport) => this.#take(report));
    child.on('exit', () => this.#wake());
  }

  /** Plugs a board in at `path`, where nothing is yet. `speed`: how many times faster than life its clock runs. */
  static async start(hexFile: string, path: string, { speed = 1 } = {}): Promise<PluggedBoard> {
    const script = join(import.meta.dirname, `board-process${extname(import.meta.filename)}`);
    const child = fork(script, [hexFile, path, String(speed)], { execArgv: [] });
    const board = new PluggedBoard(child, path);
    await board.next('plugged');
    return board;
  }

  setVolts(channel: number, volts: number): Promise<void> {
    return this.#ask({ kind: 'volts', channel, volts });
  }

  setPin(pin: number, level: boolean | null): Promise<void> {
    return this.#ask({ kind: 'pin_in', pin, level });
  }

  setI2c(address: number, first: number, bytes: readonly number[] | null): Promise<void> {
    return this.#ask({ kind: 'i2c', address, first, bytes });
  }

  reset(): Promise<void> {
    return this.#ask({ kind: 'reset' });
  }

  freeze(): Promise<void> {
    return this.#ask({ kind: 'freeze' });
  }

  thaw(): Promise<void> {
    return this.#ask({ kind: 'thaw' });
  }

  hang(): Promise<void> {
    return this.#ask({ kind: 'hang' });
  }

  noise(to: 'host' | 'board', bytes: readonly number[]): Promise<void> {
    return this.#ask({ kind: 'noise', to, bytes });
  }

  damage(to: 'host' | 'board', every: number): Promise<void> {
    return this.#ask({ kind: 'damage', to, every });
  }

  async unplug(): Promise<void> {
    this.#send({ kind: 'unplug' });
    await this.next('unplugged');
  }

  async plug(): Promise<void> {
    this.#send({ kind: 'plug' });
    await this.next('plugged');
  }

  async stats(): Promise<ReportOf<'stats'>> {
    this.#send({ kind: 'stats' });
    return this.next('stats');
  }

  /** The next time that the pin shows this, from the reports nobody has taken yet. */
  nextPin(pin: number, shows: PinShows): Promise<ReportOf<'pin'>> {
    return this.next('pin', (report) => report.pin === pin && report.shows === shows);
  }

  /** Takes the first report of a kind that fits, or waits for it. What came before it of the same kind is forgotten. */
  async next<Kind extends BoardReport['kind']>(
    kind: Kind,
    fits: (report: ReportOf<Kind>) => boolean = () => true,
  ): Promise<ReportOf<Kind>> {
    for (;;) {
      const found = this.#find(kind, fits);
      if (found !== undefined) return found;
      if (this.#hasEnded) throw new Error('the process of the board has ended');
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.connected) this.#child.disconnect();
    await ended;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #ask(request: BoardRequest): Promise<void> {
    this.#send(request);
    await this.next('done', (report) => report.request === request.kind);
  }

  #send(request: BoardRequest): void {
    this.#child.send(request);
  }

  #find<Kind extends BoardReport['kind']>(
    kind: Kind,
    fits: (report: ReportOf<Kind>) => boolean,
  ): ReportOf<Kind> | undefined {
    while (true) {
      const at = this.#reports.findIndex((report) => report.kind === kind);
      if (at < 0) return undefined;
      const [report] = this.#reports.splice(at, 1);
      if (report !== undefined && isKind(report, kind) && fits(report)) return report;
    }
  }

  #take(report: BoardReport): void {
    this.#reports.push(report);
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

function isKind<Kind extends BoardReport['kind']>(
  report: BoardReport,
  kind: Kind,
): report is ReportOf<Kind> {
  return report.kind === kind;
}
