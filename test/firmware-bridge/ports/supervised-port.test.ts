import { expect, test } from 'vitest';
import {
  supervisePort,
  type SupervisedPort,
} from '../../../firmware-bridge/ports/supervised-port.ts';
import type { PortConnection, PortListener } from '../../../firmware-bridge/ports/serial-port.ts';
import { createVirtualClock } from '../../../src/rehearsal/virtual-clock.ts';

// A driver that hangs cannot be had on demand: here it is one that takes what it is asked for and says nothing.

const settings = {
  path: '/dev/null',
  baud: 9_600,
  dataBits: 8,
  parity: 'none',
  stopBits: 1,
  reopenAfterMs: null,
} as const;

interface Hung {
  readonly port: SupervisedPort;
  readonly told: readonly string[];
  pass(ms: number): void;
}

function hung(opens: boolean): Hung {
  const clock = createVirtualClock();
  const told: string[] = [];
  const connection: PortConnection = {
    vainReads: 0,
    pause() {},
    resume() {},
    write() {},
    close() {},
  };
  const port = supervisePort({
    settings,
    clock,
    random: () => 0.5,
    listener: { opened() {}, data() {}, lost: (problem) => told.push(problem) },
    open(_settings, listener: PortListener) {
      if (opens) queueMicrotask(() => listener.opened());
      return connection;
    },
  });
  return {
    port,
    told,
    pass: (ms) => {
      clock.moveTo(clock.monotonicMs() + ms);
      port.look();
    },
  };
}

test('a port whose driver does not open it is told once, with what helps', () => {
  const { port, told, pass } = hung(false);
  port.look();
  pass(19_000);
  expect(told).toEqual([]);
  pass(2_000);
  pass(60_000);
  expect(told).toEqual([
    'the driver of /dev/null does not answer: pull the plug and put it in again',
  ]);
});

test('a port that cannot be closed is given up after two seconds, and is stuck', async () => {
  const { port, pass } = hung(true);
  port.look();
  await Promise.resolve();
  expect(port.isOpen).toBe(true);
  const closed = port.close();
  expect(port.isStuck).toBe(false);
  pass(2_000);
  await closed;
  expect(port.isStuck).toBe(true);
});
