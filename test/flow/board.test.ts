// Aim: the whole of Limen with a board at a real port, from the volts at its pin to the relay and back.
import { setTimeout as wait } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { clockHz } from '../../firmware-bridge/emulator/board.ts';
import type { PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';
import { plugBoard } from '../firmware-bridge/plugged-board.ts';
import { hexFile } from '../firmware-bridge/talk.ts';
import { alertsOf, childOf, get, outputShows, readingsOf } from './ask.ts';
import { eventually, install, type Installation, type LimenProcess } from './limen-process.ts';

const patience = { timeout: 60_000 };
const leaseMs = 2_000;
const everyMs = 20;

interface Bench {
  readonly board: PluggedBoard;
  readonly site: Installation;
  readonly limen: LimenProcess;
}

/** Limen with a board: volts at A0 are soil moisture, above 60 % the pump at pin 7 runs. */
async function startBench(): Promise<Bench> {
  const board = await plugBoard(hexFile);
  const site = install({
    yaml: `
sources:
  - mqtt: 'call/{device}/{metric}'
  - serial: ${board.path}
    device: bench
    format: limen
    lease: ${leaseMs}ms
    pins:
      A0: { metric: soil, unit: '%', scale: [0, 1023, 0, 100], every: ${everyMs}ms, samples: 1 }
      5: { metric: door, inverted: true }
points: { 'bench/*': { expect_every: 1s } }
rules:
  wet: { points: bench/soil, above: 60, acknowledge: not_required, then: [{ output: pump }] }
  called: { points: house/wish, above: 0, acknowledge: not_required, then: [{ output: pump }] }
outputs: { pump: { pin: { board: bench, pin: 7 }, max_on: 10m } }
`,
  });
  const limen = await site.start();
  await limen.logged('board up');
  return { board, site, limen };
}

function pumpShows(site: Installation, shown: string): Promise<unknown> {
  return outputShows(site, 'pump', shown);
}

function notCalled(alert: string): boolean {
  return !alert.startsWith('called active');
}

test(
  'volts at a pin become readings with the right values, and a contact a boolean',
  patience,
  async () => {
    const { board, site } = await startBench();
    for (const [volts, percent] of [
      [2.5, 50.04888],
      [0.5, 9.970674],
      [0, 0],
    ] as const) {
      await board.setVolts(0, volts);
      await eventually(`${percent} %`, async () => {
        const [last] = (await readingsOf(site, 'bench/soil')).slice(-1);
        return last?.value === percent && last.unit === '%' && last.quality === 'good';
      });
    }
    await board.setPin(5, false);
    await eventually(
      'the door',
      async () => (await readingsOf(site, 'bench/door')).at(-1)?.value === true,
    );
    expect(await get(site, 'status')).toMatchObject({
      boards: [{ board: 'bench', up: true, kind: 'uno', firmware: '1.0.0', lease_ms: leaseMs }],
    });
    expect((await site.cli('status')).out).toMatch(
      /^board +bench up, uno with firmware 1\.0\.0, id /m,
    );
  },
);

test('an alert drives the relay within 50 ms of the reading', patience, async () => {
  const { board, site } = await startBench();
  const rounds = 20;
  const edges: number[] = [];
  const fromVolts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const setAt = hrtimeMs();
    await board.setVolts(0, 4);
    const edge = await board.nextPin(7, 'high');
    edges.push(edge.atMs);
    fromVolts.push(edge.atMs - setAt);
    await board.setVolts(0, 1);
    await board.nextPin(7, 'low');
    // So that no two rounds meet the sampling at the same moment.
    await wait(round * 3);
  }
  const wallMs = performance.timeOrigin + performance.now() - hrtimeMs();
  const readings = await readingsOf(site, 'bench/soil');
  // The readings that raised the alert: the first of each run above the limit.
  const isWet = readings.map(({ value }) => Number(value) > 60);
  const raisedAt = readings.flatMap(({ at_ms: atMs }, index) =>
    isWet[index] === true && isWet[index - 1] !== true ? [atMs] : [],
  );
  expect(raisedAt).toHaveLength(rounds);
  const fromReading = edges.map((edgeMs, round) => edgeMs + wallMs - (raisedAt[round] ?? NaN));
  tell(
    `reading to pin ${percentiles(fromReading)}; voltage to pin ${percentiles(fromVolts)}, sampled every ${everyMs} ms`,
  );
  // The usual case keeps the promise also beside other tests; how long a busy machine lets one wait says nothing of Limen.
  expect(percentile(fromReading, 0.5)).toBeLessThan(50);
  expect(Math.max(...fromReading)).toBeLessThan(2_000);
});

test(
  'while the board is away its output is unknown; when it is back nothing is replayed',
  patience,
  async () => {
    const { board, site, limen } = await startBench();
    const house = await connectAsync(limen.url);
    onTestFinished(() => house.endAsync(true));
    await house.publishAsync('call/house/wish', '1', { qos: 1 });
    await board.nextPin(7, 'high');
    await pumpShows(site, 'on (on)');
    await board.unplug();
    await limen.logged('board down');
    await pumpShows(site, 'off (unknown)');
    // Nobody wishes it any more when the plug is back: whatever was commanded before must not come out.
    await house.publishAsync('call/house/wish', '0', { qos: 1 });
    await eventually('nobody wishes it', async () => (await alertsOf(site)).every(notCalled));
    await board.plug();
    await pumpShows(site, 'off (off)');
    const moved = board.nextPin(7, 'high').then(() => 'moved');
    expect(await Promise.race([moved, wait(1_000, 'still')])).toBe('still');
  },
);

test(
  'a board that is reset while an alert holds goes safe, and is told anew what is wanted',
  patience,
  async () => {
    const { board, site } = await startBench();
    await board.setVolts(0, 4);
    await board.nextPin(7, 'high');
    await board.reset();
    await board.nextPin(7, 'low');
    await board.nextPin(7, 'high');
    await pumpShows(site, 'on (on)');
  },
);

test(
  'a board that stops answering: its points are stale, its output is unknown, and an alert says so',
  patience,
  async () => {
    const { board, site } = await startBench();
    await board.setVolts(0, 4);
    await pumpShows(site, 'on (on)');
    // By a few arrivals it is known what the points come through.
    await eventually('the door', async () => (await readingsOf(site, 'bench/door')).length > 4);
    await board.freeze();
    await pumpShows(site, 'off (unknown)');
    const wanted = [
      'limen.source_lost active breached',
      'limen.stale active breached',
      'limen.output_failed active breached',
      'wet active unknown',
    ];
    await eventually(
      'alerts',
      async () => {
        const alerts = await alertsOf(site);
        return wanted.every((each) => alerts.includes(each));
      },
      20_000,
    );
    await board.thaw();
    await pumpShows(site, 'on (on)');
  },
);

test('kill -9 of Limen: the relay falls at once', patience, async () => {
  const { board, limen } = await startBench();
  await board.setVolts(0, 4);
  await board.nextPin(7, 'high');
  const { cycle } = await board.stats();
  await limen.kill();
  const edge = await board.nextPin(7, 'low');
  expect(boardMs(edge.cycle - cycle)).toBeLessThan(leaseMs / 2);
});

test(
  'kill -9 of Limen and of all its processes: the firmware lets the relay fall within the lease by itself',
  patience,
  async () => {
    const { board, limen } = await startBench();
    await board.setVolts(0, 4);
    await board.nextPin(7, 'high');
    const ports = childOf(limen.pid, 'ports');
    // It cannot say a last word, and the port stays open.
    process.kill(ports, 'SIGSTOP');
    const { cycle } = await board.stats();
    await limen.kill();
    const edge = await board.nextPin(7, 'low');
    process.kill(ports, 'SIGKILL');
    // By the clock of the board, which a busy machine may let run slower than ours.
    const ms = boardMs(edge.cycle - cycle);
    tell(`kill -9 to the relay: ${Math.round(ms)} ms with a lease of ${leaseMs} ms`);
    expect(ms).toBeGreaterThan(leaseMs / 4);
    expect(ms).toBeLessThan(leaseMs + 100);
  },
);

test('a stop of Limen leaves the relay safe', patience, async () => {
  const { board, limen } = await startBench();
  await board.setVolts(0, 4);
  await board.nextPin(7, 'high');
  const stopped = limen.stop();
  await board.nextPin(7, 'low');
  expect((await stopped).code).toBe(0);
});

test('drill follows the command to the pin and back', patience, async () => {
  const { board, site } = await startBench();
  const drilled = site.cli('drill', 'wet', '--json');
  await board.nextPin(7, 'high');
  await board.nextPin(7, 'low');
  const { status, out } = await drilled;
  expect(status).toBe(0);
  expect(out).toContain('commanded on, read back on');
  await board.unplug();
  await pumpShows(site, 'off (unknown)');
  const failed = await site.cli('drill', 'wet', '--json');
  expect(failed.status).toBe(1);
});

/** Figures for whoever reads the output of the tests. */
function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}

function hrtimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function boardMs(cycles: number): number {
  return (cycles * 1_000) / clockHz;
}

function percentiles(values: readonly number[]): string {
  return [0.5, 0.99]
    .map((share) => `p${share * 100} ${Math.round(percentile(values, share))} ms`)
    .join(', ');
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
}
