// Aim: a person without hardware sees a board being unplugged, through a port that any program can open.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SerialLine } from '../firmware-bridge/serial-line.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
// A busy machine emulates slowly.
const timeout = 60_000;
const relay = { kind: 'pin', pin: '7', setting: { kind: 'out', safe: 0 } } as const;
const thermometer = {
  kind: 'pin',
  pin: 'A0',
  setting: { kind: 'analog', everyMs: 100, samples: 16 },
} as const;

/** `limen simulate` as a process of its own, in a process group of its own, as in a terminal. */
class Simulate {
  readonly link: string;
  readonly #child;
  #out = '';
  #err = '';
  #seen = 0;
  #wake = (): void => {};

  constructor(scenario: string, { env = process.env, link = join(folder(), 'uno') } = {}) {
    this.link = link;
    // Fast enough not to bore, slow enough that the board is greeted before anything happens to it.
    const args = [main, 'simulate', scenario, '--link', link, '--speed', '4'];
    this.#child = spawn(process.execPath, args, { detached: true, env });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
      this.#wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text;
    });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  /** What is printed up to a text that has not been waited for before. */
  async says(text: string): Promise<string> {
    for (;;) {
      const at = this.#out.indexOf(text, this.#seen);
      if (at >= 0) {
        const said = this.#out.slice(this.#seen, at + text.length);
        this.#seen = at + text.length;
        return said;
      }
      if (this.#child.exitCode !== null) throw new Error(`never said ${text}: ${this.#err}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Ctrl-C, or what systemd sends: every process of the group gets it. */
  async interrupt(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<number | null> {
    process.kill(-(this.#child.pid ?? 0), signal);
    return (await this.ended()).status;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async ended(): Promise<{ status: number | null; out: string; err: string }> {
    if (this.#child.exitCode === null) await once(this.#child, 'close');
    return { status: this.#child.exitCode, out: this.#out, err: this.#err };
  }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'limen-simulate-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function greet(link: string): Promise<SerialLine> {
  const line = await SerialLine.open(link);
  await line.next('hello');
  await line.ask({ kind: 'hello', session: 1 });
  for (const command of [relay, thermometer, { kind: 'save' } as const]) await line.ask(command);
  return line;
}

test(
  'limen simulate board-unplugged: the fan runs, the plug is pulled, and it is back',
  { timeout },
  async () => {
    const simulate = new Simulate('board-unplugged');
    expect(await simulate.says('plugged in')).toContain(`serial: "${simulate.link}"`);
    const line = await greet(simulate.link);
    // 34 °C are 0.84 V: 171 of 1023 steps.
    const warm = await line.next('analog', ({ value }) => value > 165);
    expect(warm.value).toBeLessThan(178);
    await line.ask({ kind: 'set', pin: '7', level: 1 });
    await simulate.says('pin 7 high: the fan runs');
    await simulate.says('UNPLUGGED');
    await line.hungUp();
    await simulate.says('BACK');
    const again = await SerialLine.open(simulate.link);
    // It still knows its pins, and that the fan is to stand still.
    expect(await again.next('out')).toMatchObject({ pin: '7', level: 0, reason: 'start' });
    await simulate.says('pin 7 low: the fan stands still');
    expect(await simulate.interrupt()).toBe(0);
    expect(existsSync(simulate.link)).toBe(false);
  },
);

test.each([
  ['board-reset', 'RESET', 'button'],
  ['board-hung', 'HUNG', 'watchdog'],
])(
  'limen simulate %s: the board begins anew, and safe',
  { timeout },
  async (scenario, word, why) => {
    const simulate = new Simulate(scenario);
    await simulate.says('plugged in');
    const line = await greet(simulate.link);
    await line.ask({ kind: 'set', pin: '7', level: 1 });
    await simulate.says('pin 7 high');
    await simulate.says(word);
    expect(await line.next('hello')).toMatchObject({ why });
    await simulate.says('pin 7 low');
    expect(await simulate.interrupt()).toBe(0);
  },
);

test(
  'limen simulate board-frozen: the fan stays as it is, and the board goes on later',
  { timeout },
  async () => {
    const simulate = new Simulate('board-frozen');
    await simulate.says('plugged in');
    const line = await greet(simulate.link);
    await line.ask({ kind: 'set', pin: '7', level: 1 });
    await simulate.says('FROZEN');
    expect(await simulate.says('THAWED')).not.toContain('pin 7 low');
    await line.next('beat');
    expect(await simulate.interrupt()).toBe(0);
  },
);

test(
  'limen simulate board-noise: damaged lines arrive, and are known by their CRC',
  { timeout },
  async () => {
    const simulate = new Simulate('board-noise');
    await simulate.says('plugged in');
    const line = await greet(simulate.link);
    await simulate.says('QUIET again');
    await line.next('beat');
    const { badCrc, broken, garbage, noiseBytes } = line.stream.counts;
    expect(badCrc + broken + garbage + noiseBytes).toBeGreaterThan(0);
    expect(await simulate.interrupt()).toBe(0);
  },
);

test(
  'limen simulate leaves no port behind when it is killed, and takes over what is left',
  { timeout },
  async () => {
    const simulate = new Simulate('board');
    await simulate.says('plugged in');
    simulate.kill();
    await expect.poll(() => existsSync(simulate.link), { timeout: 10_000 }).toBe(false);
    symlinkSync('/dev/pts/no-such-line', simulate.link);
    const next = new Simulate('board', { link: simulate.link });
    await next.says('plugged in');
    expect(await next.interrupt()).toBe(0);
  },
);

test('limen simulate ends well by SIGTERM, too', { timeout }, async () => {
  const simulate = new Simulate('board');
  await simulate.says('plugged in');
  expect(await simulate.interrupt('SIGTERM')).toBe(0);
  expect((await simulate.ended()).err).toBe('');
  expect(existsSync(simulate.link)).toBe(false);
});

test(
  'limen simulate says why it cannot make a port, and overwrites nothing',
  { timeout },
  async () => {
    const link = join(folder(), 'uno');
    writeFileSync(link, 'mine');
    const refused = await new Simulate('board', { link }).ended();
    expect(refused).toMatchObject({ status: 1, out: '' });
    expect(refused.err).toContain(`There is something at ${link} already`);
    expect(readFileSync(link, 'utf8')).toBe('mine');
    const loop = join(folder(), 'loop');
    symlinkSync(loop, loop);
    const circular = await new Simulate('board', { link: loop }).ended();
    expect(circular.err).toContain(`There is something at ${loop} already`);
    const unknown = await new Simulate('board-unplug', { link: `${link}-2` }).ended();
    expect(unknown).toMatchObject({ status: 2, out: '' });
    expect(unknown.err).toMatch(
      /no scenario "board-unplug"; there are: cold-room, .*, board-unplugged,/,
    );
    const lost = await new Simulate('board', { link: `${link}/there` }).ended();
    expect(lost).toMatchObject({ status: 1, out: '' });
    expect(lost.err).toContain(`${link} is no folder that this user may write to`);
    expect(lost.err).not.toContain('internal');
    const env = { PATH: dirname(process.execPath) };
    const poor = await new Simulate('board', { env }).ended();
    expect(poor).toMatchObject({ status: 1, out: '' });
    expect(poor.err).toContain('perl is not installed; try: sudo apt install perl-base');
  },
);
