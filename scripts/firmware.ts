// Builds the firmware of the Uno with Debian's AVR toolchain and writes it beside its source; --check only compares.
// With the same toolchain the same source gives the same bytes, in any folder.
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileSketch, missingToolchain, toolchainText } from './avr.ts';

const sketch = join(import.meta.dirname, '../firmware-bridge/limen-board');
const hexFile = join(sketch, 'limen-board.uno.hex');
/** What the committed hex was built from and with. */
const recordFile = join(sketch, 'limen-board.uno.json');
process.exitCode = main(process.argv.includes('--check'));

/** 0: up to date, or brought there; 1: the hex is not what the source gives; 3: that cannot be told on this machine. */
function main(isCheck: boolean): number {
  const source = sourceHash();
  if (isCheck) {
    const stale = staleness(source);
    if (stale !== null) return fail(1, `${stale}: run \`node scripts/firmware.ts\``);
  }
  const missing = missingToolchain();
  if (missing !== null) return fail(3, `the firmware was not built: ${missing}`);
  const toolchain = toolchainText();
  const hex = compileSketch({ ino: join(sketch, 'limen-board.ino'), isOwn: true });
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

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function fail(code: number, message: string): number {
  console.error(`firmware: ${message}`);
  return code;
}
