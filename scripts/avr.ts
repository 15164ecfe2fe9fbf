// Debian's AVR toolchain: compiles a sketch for the Uno with the whole Arduino core.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';

const arduino = '/usr/share/arduino/hardware/arduino/avr';
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
  `-I${arduino}/cores/arduino`,
  `-I${arduino}/variants/standard`,
];
const cppFlags = ['-std=gnu++11', '-fno-exceptions', '-fno-threadsafe-statics'];
/** The core and libraries are not ours to mend. */
const otherFlags: Readonly<Record<string, readonly string[]>> = {
  '.c': ['-w', '-std=gnu11'],
  '.cpp': ['-w', '-fpermissive', ...cppFlags],
  '.S': ['-w', '-x', 'assembler-with-cpp'],
};
const cure = 'apt-get install --no-install-recommends gcc-avr avr-libc arduino-core-avr';

/** Arduino's I2C library, to be named among the libraries of a sketch. */
export const wireLibrary = [
  `${arduino}/libraries/Wire/src`,
  `${arduino}/libraries/Wire/src/utility`,
];

/** A sketch and what it is made of. */
export interface Sketch {
  readonly ino: string;
  /** Every warning is an error. */
  readonly isOwn: boolean;
  /** Folders whose source files belong to it, and where its headers are. */
  readonly libraries?: readonly string[];
}

/** What a build lacks on this machine, and how to get it, in words; null: nothing. */
export function missingToolchain(): string | null {
  const programs = ['avr-gcc', 'avr-g++', 'avr-gcc-ar', 'avr-objcopy'].filter(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  );
  const hasCore = existsSync(join(arduino, 'cores/arduino/main.cpp'));
  const missing = hasCore ? programs : [...programs, 'Arduino core'];
  return missing.length === 0 ? null : `no ${missing.join(', ')}; ${cure}`;
}

/** What compiles here: the same one makes the same bytes of the same source, in any folder. */
export function toolchainText(): string {
  const gcc = run('avr-gcc', ['-dumpversion']).trim();
  const properties = readFileSync(join(arduino, 'platform.txt'), 'utf8');
  return `gcc ${gcc}, Arduino core ${/^version=(.*)$/m.exec(properties)?.[1] ?? 'unknown'}`;
}

/** Compiles a sketch. Returns the text of its Intel HEX file. */
export function compileSketch({ ino, isOwn, libraries = [] }: Sketch): string {
  const folder = mkdtempSync(join(tmpdir(), 'limen-firmware-'));
  const headers = libraries.map((library) => `-I${library}`);
  try {
    const core = join(folder, 'core.a');
    const others = [join(arduino, 'cores/arduino'), ...libraries];
    const objects = others.flatMap((from) => compileFolder(from, headers, folder));
    // A plain `ar` loses what the link-time optimiser needs.
    run('avr-gcc-ar', ['rcs', core, ...objects]);
    const object = join(folder, 'sketch.o');
    const warnings = isOwn ? ['-Wall', '-Wextra', '-Werror'] : ['-w', '-fpermissive'];
    const own = [...warnings, ...cppFlags, '-include', 'Arduino.h', '-x', 'c++'];
    run('avr-g++', ['-c', ...flags, ...headers, ...own, ino, '-o', object]);
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

function compileFolder(from: string, headers: readonly string[], to: string): string[] {
  const files = globSync('*.{c,cpp,S}', { cwd: from }).toSorted();
  return files.map((file) => {
    const object = join(to, `${basename(file)}.o`);
    const compiler = extname(file) === '.cpp' ? 'avr-g++' : 'avr-gcc';
    const options = [...flags, ...headers, ...(otherFlags[extname(file)] ?? [])];
    run(compiler, ['-c', ...options, join(from, file), '-o', object]);
    return object;
  });
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, [...args], { encoding: 'utf8' });
}
