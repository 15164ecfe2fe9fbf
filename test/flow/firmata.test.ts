// Aim: the whole of Limen with a board that has StandardFirmata, through the real johnny-five in its own process.
import { connectAsync } from 'mqtt';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import type { PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';
import { displayAt } from '../firmware-bridge/character-display.ts';
import { plugFirmata } from '../firmware-bridge/plugged-board.ts';
import { alertsOf, childOf, get, outputShows, readingsOf } from './ask.ts';
import { eventually, install, type Installation, type LimenProcess } from './limen-process.ts';

const patience = { timeout: 90_000 };

interface Bench {
  readonly board: PluggedBoard;
  readonly site: Installation;
  readonly limen: LimenProcess;
}

/** Limen with a board: above 60 % soil moisture the pump at pin 7 runs, a buzzer sounds and a display says so. */
async function startBench(context: TestContext): Promise<Bench> {
  const board = await plugFirmata(context);
  const site = install({
    yaml: `
sources:
  - mqtt: 'call/{device}/{metric}'
  - firmata: ${board.path}
    device: bed
    pins:
      A0: { metric: soil, unit: '%', scale: [0, 1023, 0, 100], every: 50ms }
      A1: { sensor: thermometer, controller: TMP36, metric: temperature, every: 250ms }
points: { 'bed/*': { expect_every: 1s } }
rules:
  wet: { points: bed/soil, above: 60, message: 'wet: {value}', acknowledge: not_required, then: [{ output: pump }, { output: screen }] }
  called: { points: house/wish, above: 0, acknowledge: not_required, then: [{ output: pump }, { output: gong }] }
outputs:
  pump: { pin: { board: bed, pin: 7 }, max_on: 10m }
  spare: { pin: { board: bed, pin: 8 } }
  gong: { pin: { board: bed, pin: 6, device: piezo }, max_on: 10m }
  screen: { pin: { board: bed, device: lcd, pins: [12, 11, 5, 4, 3, 2] } }
`,
  });
  const limen = await site.start();
  await limen.logged('board up');
  return { board, site, limen };
}

/** Has somebody wish that the pump runs, or no more. */
async function callerOf(limen: LimenProcess): Promise<(wish: 0 | 1) => Promise<unknown>> {
  const house = await connectAsync(limen.url);
  onTestFinished(() => house.endAsync(true));
  return (wish) => house.publishAsync('call/house/wish', String(wish), { qos: 1 });
}

async function pinsThatRise(board: PluggedBoard, withinMs: number): Promise<readonly number[]> {
  const pins: number[] = [];
  const listen = async (): Promise<void> => {
    for (;;) {
      const { pin, shows } = await board.next('pin');
      if (shows === 'high') pins.push(pin);
    }
  };
  await Promise.race([listen(), wait(withinMs)]);
  return pins;
}

test(
  'a sensor in, a relay out: read, driven, read back, and shown by status and drill',
  patience,
  async (context) => {
    const { board, site } = await startBench(context);
    await board.setVolts(1, 0.75);
    await eventually('25 °C', async () => {
      const last = (await readingsOf(site, 'bed/temperature')).at(-1);
      return last?.value === 25 && last.unit === '°C' && last.quality === 'good';
    });
    await board.setVolts(0, 4);
    await board.nextPin(7, 'high');
    await outputShows(site, 'pump', 'on (on)');
    await board.setVolts(0, 1);
    await board.nextPin(7, 'low');
    await outputShows(site, 'pump', 'off (off)');
    expect(
      (await readingsOf(site, 'bed/soil')).some(({ value }) => Math.abs(Number(value) - 80) < 1),
    ).toBe(true);
    expect(await get(site, 'status')).toMatchObject({ boards: [{ board: 'bed', up: true }] });
    const drilled = await site.cli('drill', 'wet', '--json');
    expect(drilled.out).toContain('commanded on, read back on');
    expect(drilled.out).toContain('commanded on; the device does not confirm it');
    expect(drilled.status).toBe(0);
  },
);

test('the text of an alert stands on the display, and goes with it', patience, async (context) => {
  const { board } = await startBench(context);
  const display = displayAt(board);
  await board.setVolts(0, 4);
  await display.until((text) => /^wet: \d+\.\d/.test(text));
  await board.setVolts(0, 1);
  expect(await display.until((text) => text === '')).toBe('');
});

test('a buzzer sounds while its alert is active', patience, async (context) => {
  const { board, limen, site } = await startBench(context);
  const call = await callerOf(limen);
  await call(1);
  for (let pulse = 0; pulse < 20; pulse++) {
    await board.nextPin(6, 'high');
    await board.nextPin(6, 'low');
  }
  await call(0);
  await outputShows(site, 'gong', 'off (off)');
  await pinsThatRise(board, 200);
  expect(await pinsThatRise(board, 500)).toEqual([]);
});

test(
  'unplugged: unknown outputs and stale points; plugged in again: nothing is replayed',
  patience,
  async (context) => {
    const { board, limen, site } = await startBench(context);
    const call = await callerOf(limen);
    await call(1);
    await outputShows(site, 'pump', 'on (on)');
    await board.unplug();
    await limen.logged('board down');
    await outputShows(site, 'pump', 'off (unknown)');
    await call(0);
    await eventually('stale', async () =>
      (await alertsOf(site)).includes('limen.stale active breached'),
    );
    // What the pins did before is no news.
    await pinsThatRise(board, 100);
    await board.plug();
    const rising = pinsThatRise(board, 8_000);
    await outputShows(site, 'pump', 'off (off)');
    expect((await rising).filter((pin) => [6, 7, 8].includes(pin))).toEqual([]);
  },
);

test(
  'kill -9 of the process that speaks to the board: back again, and told what is wanted now',
  patience,
  async (context) => {
    const { limen, site } = await startBench(context);
    const call = await callerOf(limen);
    await call(1);
    await outputShows(site, 'pump', 'on (on)');
    process.kill(childOf(limen.pid, 'firmata'), 'SIGKILL');
    await outputShows(site, 'pump', 'off (unknown)');
    await outputShows(site, 'pump', 'on (on)');
    await call(0);
    await outputShows(site, 'pump', 'off (off)');
  },
);

test.for(['a stop', 'kill -9'])(
  '%s of Limen leaves the relay safe',
  patience,
  async (how, context) => {
    const { board, limen, site } = await startBench(context);
    await board.setVolts(0, 4);
    await outputShows(site, 'pump', 'on (on)');
    await board.nextPin(7, 'high');
    const ended = how === 'a stop' ? limen.stop() : limen.kill();
    await board.nextPin(7, 'low');
    await ended;
  },
);
