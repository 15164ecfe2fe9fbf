import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { replayJournal } from './replay/replayed.ts';
import type { Walk, WalkEnd } from './replay/walk.ts';

// Another one for each run; the one that failed is printed with the failure.
const seed = Number(process.env['LIMEN_SEED'] ?? Math.floor(Math.random() * 1_000_000));

const runs: readonly (Pick<Walk, 'bootId' | 'isClockTrusted' | 'readings'> & { downMs: number })[] =
  [
    { bootId: 'first', isClockTrusted: true, readings: 50_000, downMs: 0 },
    // Started again after a crash.
    { bootId: 'first', isClockTrusted: true, readings: 40_000, downMs: 40_000 },
    // A power cut on a board without a clock of its own: it learns the time later.
    { bootId: 'second', isClockTrusted: false, readings: 38_000, downMs: 300_000 },
    { bootId: 'third', isClockTrusted: true, readings: 40_000, downMs: 7_200_000 },
  ];

test(
  `engine: replays 200,000 inputs of a killed process to the same alert events (I2, I3, I10; LIMEN_SEED=${seed})`,
  { timeout: 240_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'limen-replay-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    let last: WalkEnd = {
      monotonicMs: 1_000_000,
      wallMs: Date.UTC(2027, 0, 4, 20),
      config: 0,
    };
    for (const [index, run] of runs.entries()) {
      const isNewBoot = run.bootId !== runs[index - 1]?.bootId;
      last = await walkOn({
        folder,
        seed: seed + index,
        monotonicMs: isNewBoot ? 1_000_000 : last.monotonicMs + run.downMs,
        wallMs: last.wallMs + run.downMs,
        bootId: run.bootId,
        isClockTrusted: run.isClockTrusted,
        readings: run.readings,
        config: last.config,
      });
    }
    const replayed = replayJournal(join(folder, 'data'));
    expect(replayed.difference).toBeNull();
    expect(replayed.same).toBe(replayed.stored);
    // I3: no event is on disk without what caused it.
    expect(replayed.causesMissing).toBe(0);
    expect(replayed).toMatchObject({ starts: 4, configs: 3 });
    expect(replayed.inputs).toBeGreaterThan(200_000);
    expect(replayed.days).toBeGreaterThanOrEqual(2);
    expect(replayed.clockSteps).toBeGreaterThanOrEqual(1);
    expect([...replayed.reasons.keys()]).toEqual(
      expect.arrayContaining(['escalated', 'reset', 'shelved', 'rule_changed', 'cleared_in_delay']),
    );
  },
);

async function walkOn(walk: Walk): Promise<WalkEnd> {
  const script = join(import.meta.dirname, 'replay/walk.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(walk)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal !== 'SIGKILL') throw new Error(`the walk ended with ${code ?? signal}: ${errors}`);
  return JSON.parse(readFileSync(join(walk.folder, 'walk.json'), 'utf8')) as WalkEnd;
}
