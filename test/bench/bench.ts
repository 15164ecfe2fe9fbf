import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureBacktest } from './backtest.ts';
import { shown, shownSpread, spread, type Spread } from './figures.ts';
import {
  measureLimen,
  measureMosquitto,
  measurePaced,
  measureStart,
  type BenchOptions,
  type FullFigures,
  type PacedFigures,
  type Shape,
} from './measure.ts';

const usage = `Usage: npm run bench -- [--quick] [--json] [--rules-scale | --timers-scale [--further N]] [--backtest] [--against FOLDER] [--from dist|src] [--directory FOLDER]

Drives the real program from a process of its own and prints what it takes and gives.
  --quick        fewer and shorter runs
  --json         one JSON object instead of a table
  --rules-scale  only: further rules on other points against none
  --timers-scale only: delays that run on other points against none
  --further N    how many further rules or delays (default 10000)
  --backtest     only: a backtest over a long history, and the live program beside it
  --against      only: this build and another one (the dist folder of a second checkout) by turns
  --from         which build runs (default dist; built if it is missing or older than the source)
  --directory    where the data goes: the disk that is measured (default: the system's temporary folder)`;

const shapes = [
  { connections: 8, window: 1_000 },
  { connections: 50, window: 20 },
] as const;
const root = join(import.meta.dirname, '../..');

/** Runs of one load on Limen and, if it is installed, on mosquitto; ratios are Limen by mosquitto, pair by pair. */
interface Throughput extends Shape {
  readonly readingsPerSecond: Spread;
  readonly cpuUsPerReading: Spread;
  readonly peakMb: Spread;
  readonly writtenBytesPerReading: Spread;
  readonly mosquitto: null | {
    readonly readingsPerSecond: Spread;
    readonly cpuUsPerReading: Spread;
    readonly peakMb: Spread;
    readonly speedRatio: Spread;
    readonly cpuRatio: Spread;
  };
}

/** Readings/s of one thing and another by turns; the ratio is one by the other, pair by pair. */
interface Pairs {
  readonly one: Spread;
  readonly other: Spread;
  readonly ratio: Spread;
}

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'rules-scale': { type: 'boolean', default: false },
    'timers-scale': { type: 'boolean', default: false },
    backtest: { type: 'boolean', default: false },
    against: { type: 'string' },
    further: { type: 'string', default: '10000' },
    from: { type: 'string', default: 'dist' },
    directory: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});

const further = Number(flags.further);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function measureThroughput(options: BenchOptions, shape: Shape): Promise<Throughput> {
  const hasMosquitto = spawnSync('mosquitto', ['-h']).error === undefined;
  const limen: FullFigures[] = [];
  const mosquitto: FullFigures[] = [];
  for (let pair = 0; pair < (options.isQuick ? 3 : 5); pair += 1) {
    progress(`${nameOf(shape)}: pair ${pair + 1}`);
    limen.push(await measureLimen(options, shape));
    if (hasMosquitto) mosquitto.push(await measureMosquitto(options, shape));
  }
  const of = (figures: readonly FullFigures[], key: keyof FullFigures): Spread =>
    spread(figures.map((each) => each[key]));
  const ratio = (key: keyof FullFigures): Spread =>
    spread(limen.map((each, pair) => each[key] / (mosquitto[pair]?.[key] ?? Number.NaN)));
  return {
    ...shape,
    readingsPerSecond: of(limen, 'readingsPerSecond'),
    cpuUsPerReading: of(limen, 'cpuUsPerReading'),
    peakMb: of(limen, 'peakMb'),
    writtenBytesPerReading: of(limen, 'writtenBytesPerReading'),
    mosquitto: hasMosquitto
      ? {
          readingsPerSecond: of(mosquitto, 'readingsPerSecond'),
          cpuUsPerReading: of(mosquitto, 'cpuUsPerReading'),
          peakMb: of(mosquitto, 'peakMb'),
          speedRatio: ratio('readingsPerSecond'),
          cpuRatio: ratio('cpuUsPerReading'),
        }
      : null,
  };
}

/** Nine pairs of runs at full speed. */
async function measurePairs(
  name: string,
  { isQuick }: BenchOptions,
  runs: { readonly one: () => Promise<FullFigures>; readonly other: () => Promise<FullFigures> },
): Promise<Pairs> {
  const one: number[] = [];
  const other: number[] = [];
  const runOther = async (): Promise<void> =>
    void other.push((await runs.other()).readingsPerSecond);
  for (let pair = 0; pair < (isQuick ? 3 : 9); pair += 1) {
    progress(`${name}: pair ${pair + 1}`);
    // Each goes first as often as the other: the machine warms up, the disk fills.
    if (pair % 2 === 0) await runOther();
    one.push((await runs.one()).readingsPerSecond);
    if (pair % 2 === 1) await runOther();
  }
  const ratios = one.map((each, pair) => each / (other[pair] ?? Number.NaN));
  return { one: spread(one), other: spread(other), ratio: spread(ratios) };
}

/** Further rules, or delays that run, against none. */
async function runScale(
  options: BenchOptions,
  machine: string,
  kind: 'rules' | 'timers',
): Promise<void> {
  const [shape] = shapes;
  const delayed = { count: further, areDelayed: true };
  const plain = { count: further, areDelayed: false };
  const none = { count: 0, areDelayed: false };
  const run = (isWith: boolean): Promise<FullFigures> =>
    kind === 'timers'
      ? measureLimen(options, shape, delayed, isWith)
      : measureLimen(options, shape, isWith ? plain : none);
  const pairs = await measurePairs(`further ${kind}`, options, {
    one: () => run(true),
    other: () => run(false),
  });
  if (flags.json) {
    say(JSON.stringify({ machine, ...options, further, [kind]: pairs }, null, 2));
    return;
  }
  say(machine);
  row(`no further ${kind}`, shownSpread(pairs.other), 'readings/s');
  row(`${further} further ${kind}`, shownSpread(pairs.one), 'readings/s');
  row('with by without', shownSpread(pairs.ratio), '');
}

/** This build against another one. */
async function runAgainst(options: BenchOptions, machine: string, folder: string): Promise<void> {
  const against: (Shape & Pairs)[] = [];
  for (const shape of shapes) {
    const pairs = await measurePairs(nameOf(shape), options, {
      one: () => measureLimen(options, shape),
      other: () => measureLimen({ ...options, from: { folder } }, shape),
    });
    against.push({ ...shape, ...pairs });
  }
  if (flags.json) {
    say(JSON.stringify({ machine, ...options, folder, against }, null, 2));
    return;
  }
  say(`${machine}; 1,000 rules on 200 points; median (smallest - largest)`);
  for (const each of against) {
    row(`${nameOf(each)}: this build`, shownSpread(each.one), 'readings/s');
    row('  the other', shownSpread(each.other), 'readings/s');
    row('  this by the other', shownSpread(each.ratio), '');
  }
}

async function runBacktests(options: BenchOptions, machine: string): Promise<void> {
  const figures = await measureBacktest(options, progress);
  if (flags.json) {
    say(JSON.stringify({ machine, ...options, backtest: figures }, null, 2));
    return;
  }
  say(`${machine}; 20 changed rules, two on each point, one of them over a window of 5 minutes`);
  for (const each of figures.runs) {
    const name = `${shown(each.readings)} readings`;
    row(name, shown(each.readingsPerSecond), 'readings/s of one core');
    row('  memory, highest', shown(each.peakMb), 'MB');
  }
  row(
    'live alert p99 alone, beside a backtest',
    `${shown(figures.liveP99Ms.alone)}, ${shown(figures.liveP99Ms.beside)}`,
    'ms',
  );
}

function row(name: string, value: string, unit: string): void {
  say(`${name.padEnd(58)} ${value.padStart(30)} ${unit}`);
}

function nameOf({ connections, window }: Shape): string {
  return `${connections} connections, window ${window}`;
}

function printThroughput(each: Throughput): void {
  row(`${nameOf(each)}: acknowledged`, shownSpread(each.readingsPerSecond), 'readings/s');
  row('  CPU', shownSpread(each.cpuUsPerReading), 'µs/reading');
  row('  memory, highest', shownSpread(each.peakMb), 'MB');
  row('  written to the disk', shownSpread(each.writtenBytesPerReading), 'bytes/reading');
  if (each.mosquitto === null) return;
  row('  mosquitto, storing nothing', shownSpread(each.mosquitto.readingsPerSecond), 'readings/s');
  row('  mosquitto, CPU', shownSpread(each.mosquitto.cpuUsPerReading), 'µs/reading');
  row('  speed, Limen by mosquitto', shownSpread(each.mosquitto.speedRatio), '');
  row('  CPU, Limen by mosquitto', shownSpread(each.mosquitto.cpuRatio), '');
}

function printPaced(paced: PacedFigures): void {
  const quantiles = ({ p50, p99, max }: { p50: number; p99: number; max: number }): string =>
    `${shown(p50)} / ${shown(p99)} / ${shown(max)}`;
  row('publish to alert at 1,000/s, p50 / p99 / max', quantiles(paced.alertMs), 'ms');
  row('  alerts measured, missing', `${paced.alerts}, ${paced.missingAlerts}`, '');
  for (const rate of ['100/s', '1000/s'] as const) {
    row(`publish to PUBACK at ${rate}, p50 / p99 / max`, quantiles(paced.ackMs[rate]), 'ms');
    row(`written at ${rate}`, shown(paced.writtenBytesPerReading[rate]), 'bytes/reading');
    row(`CPU at ${rate}`, shown(paced.cpuUsPerReading[rate]), 'µs/reading');
  }
}

async function run(options: BenchOptions): Promise<void> {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? '?'}, Node ${process.versions.node}`;
  if (flags['rules-scale']) return await runScale(options, machine, 'rules');
  if (flags['timers-scale']) return await runScale(options, machine, 'timers');
  if (flags.against !== undefined) return await runAgainst(options, machine, flags.against);
  if (flags.backtest) return await runBacktests(options, machine);
  progress('start');
  const start = {
    withoutRules: await measureStart(options, false),
    withRules: await measureStart(options, true),
  };
  progress('fixed rates');
  const paced = await measurePaced(options);
  const throughput: Throughput[] = [];
  for (const shape of shapes) throughput.push(await measureThroughput(options, shape));
  if (flags.json) {
    say(JSON.stringify({ machine, ...options, start, paced, throughput }, null, 2));
    return;
  }
  say(`${machine}; 1,000 rules on 200 points; median (smallest - largest)`);
  row('no rules: spawn to listening', shownSpread(start.withoutRules.listeningMs), 'ms');
  row('  memory, idle', shownSpread(start.withoutRules.idleMb), 'MB');
  row('1,000 rules: spawn to listening', shownSpread(start.withRules.listeningMs), 'ms');
  row('  memory, idle', shownSpread(start.withRules.idleMb), 'MB');
  printPaced(paced);
  for (const each of throughput) printThroughput(each);
}

function isStale(): boolean {
  const built = statSync(join(root, 'dist/src/main.js'), { throwIfNoEntry: false });
  return (
    built === undefined ||
    globSync('{src,firmware-bridge}/**/*.ts', { cwd: root }).some(
      (file) => statSync(join(root, file)).mtimeMs > built.mtimeMs,
    )
  );
}

function build(): void {
  progress('building dist');
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.ts')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (built.status !== 0) throw new Error('the build failed');
}

const from = flags.from;
if (flags.help) {
  say(usage);
} else if ((from !== 'dist' && from !== 'src') || !(further > 0)) {
  progress(usage);
  process.exitCode = 2;
} else {
  if (from === 'dist' && isStale()) build();
  await run({ from, directory: flags.directory, isQuick: flags.quick });
}
