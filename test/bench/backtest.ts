import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from './figures.ts';
import { runLoad } from './load-job.ts';
import { withFolder, type BenchOptions } from './measure.ts';
import { launcherOf, startLimen } from './server.ts';
import { cpuMs, peakMb } from './usage.ts';

/** What a backtest took. */
interface BacktestRun {
  readonly readings: number;
  /** By the CPU time of its process, start included: what one core does. */
  readonly readingsPerSecond: number;
  readonly peakMb: number;
}

export interface BacktestFigures {
  /** Over a tenth of the history's length, and over all of it: memory has to stay flat. */
  readonly runs: readonly BacktestRun[];
  /** Publish to alert at 1,000/s. */
  readonly liveP99Ms: { readonly alone: number; readonly beside: number };
}

const root = join(import.meta.dirname, '../..');
const pointCount = 20;

/** A backtest of 20 changed rules over a long history, and how much the live program feels of it. */
export async function measureBacktest(
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<BacktestFigures> {
  const readings = options.isQuick ? 1_000_000 : 10_000_000;
  return await withFolder(options, async (folder) => {
    const runs: BacktestRun[] = [];
    for (const count of [readings / 10, readings]) {
      progress(`backtest: making ${count} readings`);
      const place = join(folder, String(count));
      seed(place, count);
      progress('backtest: running');
      runs.push(await runBacktest(place, count, options));
    }
    progress('backtest: live, alone and beside');
    const server = await startLimen({ folder: join(folder, 'live'), from: options.from });
    await paced(server.port, 2_000);
    const forMs = options.isQuick ? 8_000 : 20_000;
    const alone = await paced(server.port, forMs);
    const child = startBacktest(join(folder, String(readings)), options);
    const beside = await paced(server.port, forMs);
    child.kill('SIGKILL');
    await server.stop();
    return { runs, liveP99Ms: { alone, beside } };
  });
}

async function paced(port: number, forMs: number): Promise<number> {
  const load = { kind: 'paced', connections: 8, ratePerSecond: 1_000 } as const;
  const { alertMs } = await runLoad({ ...load, port, forMs, crossingEvery: 51 });
  return quantile(alertMs, 0.99);
}

// Each point is judged by two rules, one of them windowed; all of them are changed in the new config.
function seed(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  const text = (shift: number): string => {
    let rules = `storage: { directory: data }\nsources: [{ mqtt: "sensors/{device}/{metric}" }]\nrules:\n`;
    for (let index = 0; index < 10; index += 1) {
      const points = `points: "freezer-*${index}/temperature"`;
      rules += `  warm${index}: { ${points}, above: ${-17 + shift}, deadband: 0.5, on_delay: 2m, off_delay: 1m }\n`;
      rules += `  mean${index}: { ${points}, window: 5m, of: mean, above: ${-18 + shift}, deadband: 0.3 }\n`;
    }
    return rules;
  };
  const before = join(folder, 'limen.yaml');
  writeFileSync(before, text(0));
  writeFileSync(join(folder, 'new.yaml'), text(0.5));
  const args = ['--readings', String(count), '--points', String(pointCount)];
  // One reading of a point in three seconds and a half.
  const days = Math.max(1, Math.round(count / 500_000));
  const where = ['--directory', join(folder, 'data'), '--config', before];
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'scripts/seed-history.ts'), ...where, ...args, '--days', String(days)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) throw new Error('the history could not be made');
}

function startBacktest(folder: string, { from }: BenchOptions) {
  const args = ['backtest', '--config', join(folder, 'new.yaml'), '--from', '60d', '--json'];
  return spawn(launcherOf(from), args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function runBacktest(
  folder: string,
  readings: number,
  options: BenchOptions,
): Promise<BacktestRun> {
  const child = startBacktest(folder, options);
  const { pid } = child;
  if (pid === undefined) throw new Error('the backtest does not start');
  const exited = once(child, 'exit');
  let cpu = 0;
  const sampler = setInterval(() => {
    // It may be gone by now.
    try {
      cpu = cpuMs(pid);
    } catch {
      clearInterval(sampler);
    }
  }, 20);
  const peak = await peakMb(pid, exited);
  clearInterval(sampler);
  return { readings, readingsPerSecond: (readings / cpu) * 1_000, peakMb: peak };
}
