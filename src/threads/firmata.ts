import { FirmataSession } from '../../firmware-bridge/firmata/firmata-session.ts';
import { messageOf } from '../domain/error.ts';
import { limits } from '../domain/limits.ts';
import { systemClock } from '../host/clock.ts';
import type { FirmataReply, FirmataRequest } from './start-firmata.ts';

// One connection to one board with Firmata, in a process of its own: johnny-five keeps what it ever made, and a port can
// hang up in a way that only the end of its process ends. It ends with its connection.

const aliveMs = 1_000;
let session: FirmataSession | null = null;
let readingsWaiting = 0;
let isEnding = false;

process.on('message', handle);
// Limen is gone, killed perhaps: this is the last moment at which somebody can send the outputs safe.
process.on('disconnect', () => void end());
// What ends a whole group of processes must not end this one before Limen has sent its outputs safe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('uncaughtException', (error) => lose(messageOf(error)));
const timer = setInterval(() => reply({ type: 'alive' }), aliveMs);

function handle(request: FirmataRequest): void {
  switch (request.type) {
    case 'open':
      session = open(request);
      break;
    case 'drive': {
      const { pin, level, text, seq, untilMs } = request;
      if (systemClock.monotonicMs() <= untilMs) session?.drive(pin, level, text, seq);
      break;
    }
    case 'lives':
      session?.lives();
      break;
    case 'taken':
      readingsWaiting -= request.readings;
      break;
    case 'end':
      void end();
      break;
    default:
      request satisfies never;
  }
}

function open({ source, drives }: Extract<FirmataRequest, { type: 'open' }>): FirmataSession {
  return new FirmataSession({
    source,
    drives,
    clock: systemClock,
    listener: {
      up: () => reply({ type: 'board', event: { kind: 'up', facts: null } }),
      down: lose,
      shows: (pin, level) => reply({ type: 'board', event: { kind: 'shows', pin, level } }),
      refused: (pin, problem) => reply({ type: 'board', event: { kind: 'refused', pin, problem } }),
      reading(reading, text) {
        // Limen does not keep up: what it cannot take is lost here, and the outputs go on.
        if (readingsWaiting >= limits.firmataReadingsWaitingMax) return;
        readingsWaiting += 1;
        reply({ type: 'reading', reading, text });
      },
    },
  });
}

function lose(problem: string): void {
  reply({ type: 'board', event: { kind: 'down', problem } });
  void end();
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  clearInterval(timer);
  await session?.end();
  if (process.connected) process.disconnect();
  process.exit();
}

function reply(message: FirmataReply): void {
  if (process.connected) process.send?.(message);
}
