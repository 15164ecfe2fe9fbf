import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  compileSketch,
  missingToolchain,
  toolchainText,
  wireLibrary,
  type Sketch,
} from '../../scripts/avr.ts';

const nodePixel = dirname(createRequire(import.meta.url).resolve('node-pixel/package.json'));
/** The Firmata library; LGPL, so it is compiled where npm put it and is no part of this repository. */
const library = join(nodePixel, 'firmware/src/libs/firmata/arduino');
const servo = join(import.meta.dirname, 'servo');
const sketch: Sketch = {
  ino: join(library, 'examples/StandardFirmata/StandardFirmata.ino'),
  isOwn: false,
  libraries: [library, servo, ...wireLibrary],
};

/** Why StandardFirmata cannot be built here; null: it can. Tests that need it are skipped without it. */
export const noFirmata = missingToolchain();

/** Builds StandardFirmata for the Uno, once for each toolchain. Returns the path of its hex file. */
export function standardFirmata(): string {
  const sources = [...globSync(join(library, '*.{cpp,h}')), sketch.ino, join(servo, 'Servo.h')];
  const hash = createHash('sha256').update(toolchainText());
  for (const file of sources.toSorted()) hash.update(readFileSync(file));
  const folder = join(import.meta.dirname, '../../node_modules/.cache/limen');
  const hexFile = join(folder, `standard-firmata-${hash.digest('hex').slice(0, 16)}.hex`);
  if (existsSync(hexFile)) return hexFile;
  mkdirSync(folder, { recursive: true });
  // Another test may build it at the same time.
  const mine = `${hexFile}.${process.pid}`;
  writeFileSync(mine, compileSketch(sketch));
  renameSync(mine, hexFile);
  return hexFile;
}
