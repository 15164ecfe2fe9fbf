// A gpioset of our own on PATH that takes the options of libgpiod 1 and 2 and writes down what the line does, since this
// suite runs where there are no GPIO lines. As the true one it gives the line back when it ends.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGpioLines, type GpioLines } from '../../../src/consumers/outputs/gpio-lines.ts';
import { systemClock } from '../../../src/host/clock.ts';
import { memoryLog } from '../fixtures.ts';

let folder = '';
const open: GpioLines[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'limen-gpio-'));
});
afterEach(async () => {
  for (const lines of open.splice(0)) await lines.close();
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({ PATH: `${folder}:${process.env['PATH'] ?? ''}`, SEEN: seenFile() });
const seenFile = (): string => join(folder, 'seen');
const seen = (): readonly string[] => {
  try {
    return readFileSync(seenFile(), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

const versions = {
  // gpioset [--mode=signal] <chip> <line>=<value>
  1: `#!/bin/sh
case "$1" in
  --version) echo "gpioset (libgpiod) v1.6.3"; exit 0 ;;
  --mode=signal) shift ;;
  --*) echo "gpioset: unrecognized option '$1'" >&2; exit 1 ;;
  *) echo "once $1 $2" >> "$SEEN"; exit 0 ;;
esac
[ "$1" = busy ] && { echo "gpioset: error setting the GPIO line values: Device or resource busy" >&2; exit 1; }
trap 'echo "released $1 $2" >> "$SEEN"; exit 143' TERM
echo $$ > "$(dirname "$SEEN")/pid"
echo "held $1 $2" >> "$SEEN"
while :; do sleep 0.05; done
`,
  // gpioset [--banner] [--toggle 0] --chip <chip> <line>=<value>
  2: `#!/bin/sh
isOnce=0; banner=0
while :; do
  case "$1" in
    --version) echo "gpioset (libgpiod) v2.1.3"; exit 0 ;;
    --banner) banner=1; shift ;;
    --toggle) isOnce=1; shift 2 ;;
    --chip) chip="$2"; shift 2 ;;
    --*) echo "gpioset: unrecognized option '$1'" >&2; exit 1 ;;
    *) break ;;
  esac
done
[ "$isOnce" = 1 ] && { echo "once $chip $1" >> "$SEEN"; exit 0; }
[ "$chip" = busy ] && { echo "gpioset: unable to request lines: Device or resource busy" >&2; exit 1; }
trap 'echo "released $chip $1" >> "$SEEN"; exit 143' TERM
echo $$ > "$(dirname "$SEEN")/pid"
echo "held $chip $1" >> "$SEEN"
[ "$banner" = 1 ] && echo "Setting lines '$1'..."
while :; do sleep 0.05; done
`,
} as const;

function install(version: 1 | 2): void {
  const file = join(folder, 'gpioset');
  writeFileSync(file, versions[version]);
  chmodSync(file, 0o755);
}

function create(): GpioLines {
  const lines = createGpioLines({
    clock: systemClock,
    log: memoryLog(),
    environment: environment(),
  });
  open.push(lines);
  return lines;
}

function hold(lines: GpioLines, value: 0 | 1, chip = 'gpiochip0'): Promise<string | null> {
  return new Promise((resolve) =>
    lines.hold({ chip, line: 17, value, safeValue: 0 }, (problem) => resolve(problem)),
  );
}

async function until(line: string): Promise<void> {
  while (!seen().includes(line))
    await new Promise((resolve) => systemClock.after(5, () => resolve(null)));
}

describe.each([1, 2] as const)('createGpioLines() with libgpiod %i', (version) => {
  test('hold() keeps a line at its value, and breaks before it makes another', async () => {
    install(version);
    const lines = create();
    expect(await hold(lines, 0)).toBeNull();
    expect(seen()).toEqual(['held gpiochip0 17=0']);
    expect(await hold(lines, 1)).toBeNull();
    expect(seen()).toEqual(['held gpiochip0 17=0', 'held gpiochip0 17=1']);
    // What is so already needs no break.
    expect(await hold(lines, 1)).toBeNull();
    expect(seen()).toHaveLength(2);
  });

  test('hold() tells of a line that is busy, and of a gpioset that is gone', async () => {
    install(version);
    const lines = create();
    expect(await hold(lines, 1, 'busy')).toContain('Device or resource busy');
    const problems: (string | null)[] = [];
    await new Promise<void>((resolve) =>
      lines.hold({ chip: 'gpiochip0', line: 17, value: 1, safeValue: 0 }, (problem) => {
        problems.push(problem);
        if (problem === null) process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')));
        else resolve();
      }),
    );
    expect(problems).toEqual([null, expect.stringContaining('gpioset ended')]);
  });

  test('close() gives the line back at its safe value', async () => {
    install(version);
    const lines = create();
    expect(await hold(lines, 1)).toBeNull();
    await lines.close();
    expect(seen().slice(1)).toEqual(['released gpiochip0 17=1', 'once gpiochip0 17=0']);
  });

  test('a line gets its safe value when Limen is killed', async () => {
    install(version);
    const source = join(import.meta.dirname, '../../../src');
    const script = `
      import { createGpioLines } from '${source}/consumers/outputs/gpio-lines.ts';
      import { systemClock } from '${source}/host/clock.ts';
      const log = { warn() {}, info() {}, error() {}, debug() {}, area: () => log };
      const lines = createGpioLines({ clock: systemClock, log, environment: process.env });
      lines.hold({ chip: 'gpiochip0', line: 17, value: 1, safeValue: 0 }, () => {});
      setInterval(() => {}, 1_000);
    `;
    const limen = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, ...environment() },
      stdio: 'ignore',
    });
    await until('held gpiochip0 17=1');
    limen.kill('SIGKILL');
    await until('once gpiochip0 17=0');
  });
});

test('hold() says what is missing where there is no gpioset, and looks again', async () => {
  const lines = createGpioLines({
    clock: systemClock,
    log: memoryLog(),
    environment: { PATH: folder, SEEN: seenFile() },
  });
  expect(await hold(lines, 1)).toBe('there is no gpioset here: apt install gpiod');
});
