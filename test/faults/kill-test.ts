import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../src/domain/error.ts';
import { createRandom } from '../../src/producers/scenarios-signals.ts';
import { launchLimen, startLimen, type Launched } from '../bench/server.ts';
import { createChecker, type Checker } from './kill-check.ts';
import { momentComes, moments, type Moment } from './kill-moments.ts';
import { Publisher } from './kill-publisher.ts';

export interface KillTestOptions {
  /** Holds everything; the caller removes it. */
  readonly folder: string;
  readonly from: 'dist' | 'src';
  readonly cycles: number;
  /** Places every kill: the same seed gives the same plan. */
  readonly seed: number;
  readonly onCycle?: (cycle: CycleReport) => void;
}

export interface CycleReport {
  readonly cycle: number;
  readonly moment: Moment;
  readonly acknowledged: number;
  readonly stored: number;
}

export interface KillTestReport {
  readonly kills: Readonly<Record<Moment, number>>;
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** Stored more than once, because the PUBACK was lost with the program: at least once is the promise. */
  readonly repeated: number;
  /** Broken promises; empty if all is well. */
  readonly problems: readonly string[];
}

const publisherCount = 4;
const lastLoadMs = 200;

/** One installation with its publishers. */
interface World {
  readonly folder: string;
  readonly publishers: readonly Publisher[];
  readonly checker: Checker;
}

/**
 * Kills Limen (SIGKILL) again and again while devices publish, and starts it on the same data. Afterwards every
 * acknowledged reading must be stored, the readings of each device in their order, and nothing that was not sent.
 */
export async function runKillTest(options: KillTestOptions): Promise<KillTestReport> {
  const random = createRandom(options.seed);
  const kills: Record<Moment, number> = { load: 0, commit: 0, start: 0, creation: 0 };
  const problems: string[] = [];
  const total = { sent: 0, acknowledged: 0, stored: 0, repeated: 0 };
  const main = createWorld(join(options.folder, 'main'));
  const note = (cycle: number, found: readonly string[]): void => {
    for (const problem of found) problems.push(`cycle ${cycle}: ${problem}`);
  };
  const finish = async (cycle: number, world: World): Promise<void> => {
    note(cycle, await finishWorld(world, options.from));
    for (const publisher of world.publishers) {
      total.sent += publisher.sent;
      total.acknowledged += publisher.acknowledged;
    }
    total.stored += world.checker.stored;
    total.repeated += world.checker.repeated;
  };

  // How long a start takes here places the kills during a start. It also makes the first day file of the main folder.
  let startMs = await firstStart(main, options.from);
  for (let cycle = 1; cycle <= options.cycles; cycle += 1) {
    const moment = moments[(cycle - 1) % moments.length] ?? 'load';
    // Only a fresh folder makes a new day file at a time of our choice.
    const isFresh = moment === 'creation';
    const world = isFresh ? createWorld(join(options.folder, `fresh-${cycle}`)) : main;
    kills[moment] += 1;
    try {
      const { listeningMs, found } = await runCycle(world, {
        moment,
        from: options.from,
        startMs,
        chance: random(cycle),
      });
      if (listeningMs !== null) startMs = Math.max(startMs, listeningMs);
      note(cycle, found);
      if (isFresh) {
        await finish(cycle, world);
        rmSync(world.folder, { recursive: true });
      }
    } catch (error) {
      // It does not start again on what the kill has left: for good, so there is no use in going on with that folder.
      note(cycle, [`${moment}: ${messageOf(error)}`]);
      if (!isFresh) return { kills, ...total, problems };
    }
    options.onCycle?.({
      cycle,
      moment,
      acknowledged: world.publishers.reduce((sum, each) => sum + each.acknowledged, 0),
      stored: world.checker.stored,
    });
  }
  try {
    await finish(options.cycles, main);
  } catch (error) {
    note(options.cycles, [`the last start: ${messageOf(error)}`]);
  }
  return { kills, ...total, problems };
}

function createWorld(folder: string): World {
  mkdirSync(folder, { recursive: true });
  const publishers = Array.from(
    { length: publisherCount },
    (_, index) => new Publisher(`counter-${index + 1}`),
  );
  return { folder, publishers, checker: createChecker(folder, publishers) };
}

async function firstStart(world: World, from: 'dist' | 'src'): Promise<number> {
  const server = await startLimen({ folder: world.folder, from, rules: '' });
  await server.stop();
  return server.listeningMs;
}

interface CycleOptions {
  readonly moment: Moment;
  readonly from: 'dist' | 'src';
  readonly startMs: number;
  readonly chance: number;
}

async function runCycle(
  world: World,
  { moment, from, startMs, chance }: CycleOptions,
): Promise<{ listeningMs: number | null; found: readonly string[] }> {
  const { folder, publishers, checker } = world;
  const server = await launchLimen({ folder, from, rules: '' });
  if (moment === 'start' || moment === 'creation') {
    // Not yet ready, or just so: who gets through does, and the kill does not wait for anybody.
    const loaded = load(server, publishers).catch(() => undefined);
    await momentComes(moment, { folder, startMs, chance });
    await server.kill();
    await loaded;
    await allClosed(publishers);
    return { listeningMs: null, found: [] };
  }
  const listeningMs = await load(server, publishers);
  // The restart has recovered: whatever was acknowledged before the last kill must be there by now.
  const found = checker.check();
  await momentComes(moment, { folder, startMs, chance });
  await server.kill();
  await allClosed(publishers);
  return { listeningMs, found };
}

async function load(server: Launched, publishers: readonly Publisher[]): Promise<number> {
  const listeningMs = await server.listening();
  await Promise.all(publishers.map((publisher) => publisher.start(server.port)));
  return listeningMs;
}

async function allClosed(publishers: readonly Publisher[]): Promise<void> {
  await Promise.all(publishers.map((publisher) => publisher.closed()));
}

// The last word: everything that was ever sent is sent again if need be, acknowledged, stored, and stopped in order.
async function finishWorld(world: World, from: 'dist' | 'src'): Promise<readonly string[]> {
  const { folder, publishers, checker } = world;
  const server = await startLimen({ folder, from, rules: '' });
  const running = publishers.map(async (publisher) => {
    await publisher.start(server.port);
    // Some more, to see that what the kills have left is good to go on with.
    await wait(lastLoadMs);
    await publisher.drain();
  });
  await Promise.all(running);
  await server.stop();
  return [...checker.check(), ...publishers.flatMap((publisher) => publisher.problems)];
}
