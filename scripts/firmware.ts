// Builds the firmware of the Uno with Debian's AVR toolchain and writes it beside its source; --check only compares.
// With the same toolchain the same source gives the same bytes, in any folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';

const sketch = join(import.meta.dirname, '../firmware-bridge/limen-board');
const hexFile = join(sketch, 'limen-board.uno.hex');
/** What the committed hex was built from and with. */
const recordFile = join(sketch, 'limen-board.uno.json');
const arduino = '/usr/share/arduino/hardware/arduino/avr';
const includes = [`-I${arduino}/cores/arduino`, `-I${arduino}/variants/standard`];
const target = ['-mmcu=atmega328p', '-DF_CPU=16000000L', '-Os', '-g', '-flto'];
const flags = [
  ...target,
  '-DARDUINO=10819',
  '-DARDUINO_AVR_UNO',
  '-DARDUINO_ARCH_AVR',
  // The core of Debian does not compile with the compiler of Debian without it.
  '-DDECIMAL_DIG=__DECIMAL_DIG__',
  '-ffunction-sections',
  '-fdata-sections',
  ...includes,
];
const cppFlags = ['-std=gnu++11', '-fno-exceptions', '-fno-threadsafe-statics'];
/** The core is not ours to mend. */
const coreFlags: Readonly<Record<string, readonly string[]>> = {
  '.c': ['-w', '-std=gnu11'],
  '.cpp': ['-w', '-fpermissive', ...cppFlags],
  '.S': ['-w', '-x', 'assembler-with-cpp'],
};

process.exitCode = main(process.argv.includes('--check'));

/** 0: up to date, or brought there; 1: the hex is not what the source gives; 3: that cannot be told on this machine. */
function main(isCheck: boolean): number {
  const source = sourceHash();
  if (isCheck) {
    const stale = staleness(source);
    if (stale !== null) return fail(1, `${stale}: run \`node scripts/firmware.ts\``);
  }
  const missing = missingTools();
  if (missing.length > 0) {
    const cure = 'apt-get install --no-install-recommends gcc-avr avr-libc arduino-core-avr';
    return fail(3, `the firmware was not built: no ${missing.join(', ')}; ${cure}`);
  }
  const toolchain = toolchainText();
  const hex = build();
  if (!isCheck) {
    writeFileSync(hexFile, hex);
    writeFileSync(
      recordFile,
      `${JSON.stringify({ source, hex: sha256(hex), toolchain }, undefined, 2)}\n`,
    );
    console.log(`wrote ${hexFile}`);
    return 0;
  }
  if (hex === readFileSync(hexFile, 'utf8')) return 0;
  const used = readRecord()['toolchain'];
  return used === toolchain
    ? fail(1, 'limen-board.uno.hex is not what its source gives: run `node scripts/firmware.ts`')
    : fail(3, `it compiles; the hex was built with ${used ?? 'nothing'}, here is ${toolchain}`);
}

// Without a compiler, too: the committed hex belongs to this source.
function staleness(source: string): string | null {
  const record = readRecord();
  if (record['source'] !== source) return 'limen-board.uno.hex is older than its source';
  return record['hex'] === sha256(readFileSync(hexFile, 'utf8'))
    ? null
    : 'limen-board.uno.hex was changed by hand';
}

function readRecord(): Record<string, string> {
  return JSON.parse(readFileSync(recordFile, 'utf8')) as Record<string, string>;
}

function sourceHash(): string {
  const files = globSync(['*.ino', '*.h'], { cwd: sketch }).toSorted();
  return sha256(files.map((file) => `${file}\n${readFileSync(join(sketch, file), 'utf8')}`).join());
}

function missingTools(): string[] {
  const programs = ['avr-gcc', 'avr-g++', 'avr-gcc-ar', 'avr-objcopy'].filter(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  );
  return existsSync(join(arduino, 'cores/arduino/main.cpp'))
    ? programs
    : [...programs, 'Arduino core'];
}

function toolchainText(): string {
  const gcc = run('avr-gcc', ['-dumpversion']).trim();
  const properties = readFileSync(join(arduino, 'platform.txt'), 'utf8');
  return `gcc ${gcc}, Arduino core ${/^version=(.*)$/m.exec(properties)?.[1] ?? 'unknown'}`;
}

function build(): string {
  const folder = mkdtempSync(join(tmpdir(), 'limen-firmware-'));
  try {
    const core = join(folder, 'core.a');
    // A plain `ar` loses what the link-time optimiser needs.
    run('avr-gcc-ar', ['rcs', core, ...compileCore(folder)]);
    const object = join(folder, 'sketch.o');
    const ino = join(sketch, 'limen-board.ino');
    const own = ['-Wall', '-Wextra', '-Werror', ...cppFlags, '-include', 'Arduino.h', '-x', 'c++'];
    run('avr-g++', ['-c', ...flags, ...own, ino, '-o', object]);
    const elf = join(folder, 'sketch.elf');
    const link = ['-fuse-linker-plugin', '-Wl,--gc-sections', object, core, '-lm', '-o', elf];
    run('avr-gcc', [...target, ...link]);
    const hex = join(folder, 'sketch.hex');
    run('avr-objcopy', ['-O', 'ihex', '-R', '.eeprom', elf, hex]);
    return readFileSync(hex, 'utf8').replaceAll('\r', '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compileCore(folder: string): string[] {
  const files = globSync('*.{c,cpp,S}', { cwd: join(arduino, 'cores/arduino') }).toSorted();
  return files.map((file) => {
    const object = join(folder, `${basename(file)}.o`);
    const input = join(arduino, 'cores/arduino', file);
    const compiler = extname(file) === '.cpp' ? 'avr-g++' : 'avr-gcc';
    run(compiler, ['-c', ...flags, ...(coreFlags[extname(file)] ?? []), input, '-o', object]);
    return object;
  });
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, [...args], { encoding: 'utf8' });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function fail(code: number, message: string): number {
  console.error(`firmware: ${message}`);
  return code;
}
