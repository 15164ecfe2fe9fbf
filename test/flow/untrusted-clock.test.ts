// Aim: a board without a clock of its own begins in 1970. Whatever was said meanwhile is right in the end, over kills too.
import { expect, test } from 'vitest';
import { eventually } from './limen-process.ts';
import { createVirtualSite, type RunStart, type VirtualLimen } from './virtual-limen.ts';

const second = 1_000;
const noon = Date.UTC(2027, 2, 1, 12);
const rules =
  'rules: { warm: { points: probe/t, above: 5, on_delay: 30s, off_delay: 1m, severity: warning, acknowledge: required } }';

/** The machine was switched on so long ago, and nobody has told it the time. */
function booted(agoMs: number, bootId = 'first'): RunStart {
  return { monotonicMs: agoMs, wallMs: agoMs, bootId, isTrusted: false };
}

async function warm(run: VirtualLimen): Promise<Readonly<Record<string, unknown>> | undefined> {
  return (await run.alerts()).get('warm/probe/t');
}

async function times(run: VirtualLimen): Promise<readonly number[]> {
  return (await run.readings()).map(({ at_ms: atMs }) => atMs);
}

test.concurrent('readings and alerts from before the clock was known get their times, although Limen is killed when it learns them', async () => {
  const start = createVirtualSite(rules);
  const run = await start(booted(50 * second));
  await run.publish('sensors/probe/t', '9');
  await run.pass(40 * second);
  await run.publish('sensors/probe/t', '9.5');
  expect(await times(run)).toEqual([50 * second, 90 * second]);
  expect(await warm(run)).toMatchObject({ state: 'active', raised_at: 80 * second });
  // 10 s later the time comes from the network.
  await run.pass(8 * second);
  await run.clock(noon, true);
  await run.pass(2 * second);
  await run.publish('sensors/probe/t', '9.6');
  await run.kill();

  const next = await start({
    monotonicMs: 105 * second,
    wallMs: noon + 7 * second,
    bootId: 'first',
    isTrusted: true,
  });
  const right = [noon - 48 * second, noon - 8 * second, noon + 2 * second];
  await eventually('times are right', async () => String(await times(next)) === String(right));
  expect(await warm(next)).toMatchObject({
    state: 'active',
    breached_at: noon - 48 * second,
    raised_at: noon - 18 * second,
    changed_at: noon - 18 * second,
  });
}, 60_000);

test.concurrent('the time that comes while Limen is down puts right what was said before', async () => {
  const start = createVirtualSite(rules);
  const run = await start(booted(50 * second));
  await run.publish('sensors/probe/t', '9');
  await run.pass(40 * second);
  await run.publish('sensors/probe/t', '9.5');
  await run.kill();

  const next = await start({
    monotonicMs: 100 * second,
    wallMs: noon,
    bootId: 'first',
    isTrusted: true,
  });
  const right = [noon - 50 * second, noon - 10 * second];
  await eventually('times are right', async () => String(await times(next)) === String(right));
  expect(await warm(next)).toMatchObject({
    state: 'active',
    breached_at: noon - 50 * second,
    raised_at: noon - 20 * second,
    changed_at: noon - 20 * second,
  });
}, 60_000);

test.concurrent('a clock that is lost never switches a calibration off, not at the second start either', async () => {
  const start = createVirtualSite(
    'points: { probe/t: { calibrations: [{ from: 2026-03-01, offset: 1 }, { from: 2027-02-01, offset: 2 }] } }',
  );
  // On the first day of an installation: this version was not written before November 2026.
  const first = await start(booted(second, 'first'));
  await first.publish('sensors/probe/t', '10');
  await first.clock(noon, true);
  await first.pass(2 * second);
  await first.publish('sensors/probe/t', '20');
  // The clock is lost while it runs.
  await first.clock(second, false);
  await first.pass(2 * second);
  await first.publish('sensors/probe/t', '30');
  await first.kill();
  const dark = await start(booted(second, 'second'));
  await dark.publish('sensors/probe/t', '40');
  await dark.kill();
  const third = await start(booted(10 * second, 'second'));
  await third.publish('sensors/probe/t', '50');
  expect((await third.readings()).map(({ value }) => value)).toEqual([11, 22, 32, 42, 52]);
}, 60_000);

test.concurrent('an on-delay is credited with the power cut once the time is known, although Limen was killed once more before', async () => {
  const start = createVirtualSite(
    'rules: { warm: { points: probe/t, above: 5, on_delay: 10m, severity: warning } }',
  );
  const run = await start({
    monotonicMs: 900 * second,
    wallMs: noon,
    bootId: 'first',
    isTrusted: true,
  });
  await run.publish('sensors/probe/t', '9');
  await run.kill();
  const dark = await start(booted(10 * second, 'second'));
  await dark.pass(30 * second);
  await dark.publish('sensors/probe/t', '9');
  await dark.kill();
  const again = await start(booted(50 * second, 'second'));
  await again.pass(10 * second);
  expect(await warm(again)).toMatchObject({ state: 'pending' });
  // The power was gone for 8 minutes, and the board runs for one.
  await again.clock(noon + 540 * second, true);
  await again.pass(second);
  expect(await warm(again)).toMatchObject({ state: 'pending', due_at: noon + 600 * second });
  await again.pass(60 * second);
  expect(await warm(again)).toMatchObject({ state: 'active', raised_at: noon + 600 * second });
}, 60_000);
