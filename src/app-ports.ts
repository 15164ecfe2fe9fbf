import type { Intake } from './channel/intake.ts';
import type { Journal } from './channel/journal.ts';
import type { Sources } from './channel/sources.ts';
import type { SerialPortStatus } from './domain/api.ts';
import type { BoardEvent } from './domain/board.ts';
import type { Source } from './domain/config.ts';
import { limits } from './domain/limits.ts';
import { badLinesMetric, type PortStatus } from './domain/serial.ts';
import type { Boards } from './app-boards.ts';
import type { Clock } from './host/clock.ts';
import type { Log } from './host/log.ts';
import type { Metrics } from './host/metrics.ts';
import { watchLines } from './producers/line-watch.ts';
import { createFirmataBoards } from './threads/start-firmata.ts';
import { createPorts } from './threads/start-ports.ts';

export interface PortReadersOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly intake: Intake;
  readonly journal: Pick<Journal, 'unstoredRows' | 'hold'>;
  readonly sources: Sources;
  readonly boards: Boards;
}

/** All serial ports of the program, whatever speaks at their ends. */
export interface PortReaders {
  /** Opens and closes ports until those of these sources are read; one that is the same goes on. */
  configure(sources: readonly Source[]): void;
  /** Limen's engine lives: to be called several times a second, or boards go safe. */
  lives(): void;
  /** The ports of serial lines; one of a board with Firmata is as its board is. */
  statuses(): readonly PortStatus[];
  close(): Promise<void>;
}

/** Opens serial ports: what their lines say goes to the intake, what the boards at their ends say to the boards. */
export function readPorts(options: PortReadersOptions): PortReaders {
  const { clock, log, metrics, intake, journal, sources, boards } = options;
  const links = {
    link: (path: string, isOpen: boolean) => sources.broker(path, isOpen),
    board: (device: string, event: BoardEvent) => boards.told(device, event),
  };
  // A disk that is behind stops the lines: what they go on to say waits in them, and is lost there.
  const goOn = (taken: () => void): void => {
    if (journal.unstoredRows < limits.serialUnstoredRowsMax) taken();
    else journal.hold({ release: taken });
  };
  const lines = createPorts({
    clock,
    log: log.area('serial'),
    listener: {
      ...links,
      frames(path, bytes, marks, taken) {
        intake.begin(path);
        const route = intake.portRoute(path);
        let start = 0;
        for (const { end, decoded } of marks) {
          if (route !== null) intake.takeFrame(route, bytes.subarray(start, end), decoded);
          start = end;
        }
        goOn(taken);
      },
    },
  });
  const firmata = createFirmataBoards({
    clock,
    log: log.area('firmata'),
    random: Math.random,
    listener: {
      ...links,
      reading(path, text, decoded, taken) {
        intake.begin(path);
        const route = intake.portRoute(path);
        if (route !== null) intake.takeFrame(route, text, decoded);
        goOn(taken);
      },
    },
  });
  for (const way of [lines, firmata])
    boards.attach({
      configure: (drives) => way.configureBoards(drives),
      drive: (command) => way.drive(command),
    });
  const watch = watchLines({
    clock,
    statuses: () => lines.statuses(),
    report(path, value, text) {
      intake.begin(path);
      intake.takeMeasured(path, badLinesMetric, value, text);
    },
  });
  measure(metrics, () => lines.statuses());
  return {
    configure(all) {
      lines.configure(all.filter((source) => source.kind === 'serial'));
      firmata.configure(all.filter((source) => source.kind === 'firmata'));
    },
    lives() {
      lines.lives();
      firmata.lives();
    },
    statuses: () => lines.statuses(),
    async close() {
      watch.stop();
      await Promise.all([lines.close(), firmata.close()]);
    },
  };
}

/** How a port is, as `limen status` and the API say it. */
export function portStatus(port: PortStatus): SerialPortStatus {
  const { path, isOpen, problem, bytes, frames, badFrames, openings } = port;
  return { port: path, open: isOpen, problem, bytes, frames, bad_frames: badFrames, openings };
}

function measure(metrics: Metrics, statuses: () => readonly PortStatus[]): void {
  const each = function* (read: (status: PortStatus) => number) {
    for (const status of statuses()) yield [{ port: status.path }, read(status)] as const;
  };
  metrics.collect('limen_serial_open_count', 'Serial ports that are open: 1 or 0.', 'gauge', () =>
    each(({ isOpen }) => Number(isOpen)),
  );
  metrics.collect('limen_serial_bytes_total', 'Bytes read from a serial port.', 'counter', () =>
    each(({ bytes }) => bytes),
  );
  metrics.collect(
    'limen_serial_frames_total',
    'Lines or frames of a serial port, bad ones included.',
    'counter',
    () => each(({ frames }) => frames),
  );
  metrics.collect(
    'limen_serial_openings_total',
    'How often a serial port was opened.',
    'counter',
    () => each(({ openings }) => openings),
  );
  metrics.collect(
    'limen_serial_bad_frames_total',
    'Lines or frames of a serial port that could not be read or were lost, by reason.',
    'counter',
    function* () {
      for (const { path, badFrames } of statuses())
        for (const [reason, count] of Object.entries(badFrames))
          yield [{ port: path, reason }, count] as const;
    },
  );
}
