import type { ReadStream } from 'node:tty';
import type { Loaded } from '../config/parse.ts';
import type { BacktestOutcome, BacktestRequest } from '../domain/backtest.ts';
import type { Config } from '../domain/config.ts';
import type { PluggedPort } from '../domain/serial.ts';
import type { HygieneReport, ReportRange } from '../domain/hygiene.ts';
import type { Outcome, TestScript } from '../domain/rehearsal.ts';
import type { WhyReport } from '../domain/why.ts';
import type { WhyNotQuery, WhyNotReport } from '../domain/why-not.ts';
import type { Clock } from '../host/clock.ts';
import type { Log } from '../host/log.ts';
import type { Terminal } from './terminal.ts';

/** What ends a command: 0 done, 1 failed, 2 wrong input. */
export type ExitCode = 0 | 1 | 2;

/** A Limen inside this process. */
export interface LimenHere {
  /** The first one is the start. */
  apply(config: Config): Promise<void>;
  stop(): Promise<void>;
}

/** What a simulated device needs to know. */
export interface SimulationOptions {
  readonly scenario: string;
  /** `mqtt://host:port` of the broker it connects to. */
  readonly url: string;
  /** Default: the scenario's name. */
  readonly device?: string;
  /** How many times faster than life. */
  readonly speed: number;
  readonly onReading: (reading: { readonly topic: string; readonly payload: string }) => void;
}

/** What a simulated board needs to know. */
export interface BoardOptions {
  readonly scenario: string;
  /** Where its port is to be found. */
  readonly link: string;
  /** How many times faster than life its day goes. */
  readonly speed: number;
  /** In words. */
  readonly onEvent: (text: string) => void;
}

/** The part of the simulator the CLI uses. */
export interface Simulator {
  /** Devices that speak MQTT. */
  readonly scenarios: readonly { readonly name: string; readonly description: string }[];
  /** Boards at a serial port. */
  readonly boards: readonly { readonly name: string; readonly description: string }[];
  run(options: SimulationOptions): { stop(): Promise<void> };
  /** `done` rejects if the board ends by itself. */
  plugIn(options: BoardOptions): Promise<{ stop(): Promise<void>; readonly done: Promise<void> }>;
}

/** Questions about the past, answered from the files of a data folder. */
export interface History {
  why(directory: string, wanted: string, warn: Log['warn']): WhyReport;
  report(directory: string, query: ReportRange, warn: Log['warn']): HygieneReport;
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/**
 * What the commands are given by `main.ts`: the process, and the parts of Limen that a few commands need, loaded when
 * they are asked for.
 */
export interface CliHost {
  readonly clock: Clock;
  /** To standard error. */
  readonly log: Log;
  readonly version: string;
  readonly cwd: string;
  /** Where the package lies: its own `config/limen.yaml` is below it. */
  readonly packageDirectory: string;
  readonly out: Terminal;
  readonly err: Terminal;
  readonly stdin: ReadStream;
  /** The name an act is signed with unless the command line says another. */
  readonly userName: string;
  setExitCode(code: ExitCode): void;
  /** Ends the process at once. */
  exit(code: ExitCode): never;
  /** From the first call on the signal no longer ends the process by itself. */
  onSignal(name: SignalName, callback: () => void): void;
  createLimen(): Promise<LimenHere>;
  /** Reads and checks a config apart from this thread: for the program that runs on. */
  loadConfigApart(path: string): Promise<Loaded>;
  /** Calls back when a file may have changed and has been left alone since; the first time soon. */
  watchFile(path: string, onChange: () => void): Promise<void>;
  loadSimulator(): Promise<Simulator>;
  /** The serial ports of this machine. */
  listPorts(): Promise<readonly PluggedPort[]>;
  loadHistory(): Promise<History>;
  /** Answered from the files of a data folder, where no Limen runs. */
  whyNot(directory: string, query: WhyNotQuery): Promise<WhyNotReport>;
  /** What `simulate:` in a config may name. */
  scenarioNames(): Promise<readonly string[]>;
  /** Runs one test of a test file in virtual time. */
  rehearse(config: Config, script: TestScript): Promise<Outcome>;
  /** Runs two configs over the stored history; returns when it is done. */
  backtest(request: BacktestRequest): Promise<BacktestOutcome>;
  /** What is stored of a password. */
  createCredential(password: string): Promise<string>;
}
