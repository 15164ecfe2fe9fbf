import { join } from 'node:path';
import type { QuarantineRecord, ReadingRecord, ReadingsQuery } from '../domain/api.ts';
import { LimenError } from '../domain/error.ts';
import type { HygieneReport, ReportRange } from '../domain/hygiene.ts';
import type { WhyReport } from '../domain/why.ts';
import type { WhyNotQuery, WhyNotReport } from '../domain/why-not.ts';
import { connectLimen, type AlertJson, type LimenClient } from '../http/client.ts';
import type { CliHost } from './cli-host.ts';
import { findConfig, readDirectory, type ConfigOption } from './config-file.ts';

/** What can be read whether Limen runs (over its socket) or not (from its files). */
export interface DataSource extends AsyncDisposable {
  alerts(all: boolean): Promise<readonly AlertJson[]>;
  readings(query: ReadingsQuery): AsyncIterable<readonly ReadingRecord[]>;
  countReadings(query: ReadingsQuery): Promise<number>;
  quarantined(): Promise<readonly QuarantineRecord[]>;
  why(wanted: string): Promise<WhyReport>;
  whyNot(query: WhyNotQuery): Promise<WhyNotReport>;
  report(query: ReportRange): Promise<HygieneReport>;
}

/** Opens the data of the config's directory; throws `not_found` if nothing was ever stored there. */
export async function openData(host: CliHost, options: ConfigOption): Promise<DataSource> {
  const directory = await findDirectory(host, options);
  const client = await connectLimen(socketPath(directory));
  return client === null ? openFiles(host, directory) : readThrough(client);
}

/** The Limen that runs with this config; null if it does not. */
export async function findRunning(
  host: CliHost,
  options: ConfigOption,
): Promise<LimenClient | null> {
  return connectLimen(socketPath(await findDirectory(host, options)));
}

/** The Limen that runs with this config; throws `unavailable` if it does not. */
export async function connectRunning(host: CliHost, options: ConfigOption): Promise<LimenClient> {
  const client = await findRunning(host, options);
  if (client !== null) return client;
  throw new LimenError('unavailable', 'Limen is not running; start it with: limen run');
}

/** The directory the config names. */
export async function findDirectory(host: CliHost, options: ConfigOption): Promise<string> {
  return readDirectory(findConfig(host, options), host);
}

function socketPath(directory: string): string {
  return join(directory, 'limen.sock');
}

function readThrough(client: LimenClient): DataSource {
  return {
    alerts: (all) => client.alerts(all),
    readings: (query) => client.readings(query),
    countReadings: (query) => client.countReadings(query),
    quarantined: () => client.quarantined(),
    why: (wanted) => client.why(wanted),
    whyNot: (query) => client.whyNot(query),
    report: (query) => client.report(query),
    async [Symbol.asyncDispose]() {
      // Each request had a connection of its own: nothing is left open.
    },
  };
}

async function openFiles(host: CliHost, directory: string): Promise<DataSource> {
  const { openQueries } = await import('../storage/queries.ts');
  const queries = openQueries(directory, host.log.warn);
  if (queries === null) {
    throw new LimenError(
      'not_found',
      `There is no data in "${directory}" yet; start Limen with: limen run`,
    );
  }
  return {
    alerts: async (all) => queries.alerts(all),
    async *readings(query) {
      yield* queries.readings(query);
    },
    countReadings: async (query) => queries.countReadings(query),
    quarantined: async () => queries.quarantined(),
    why: async (wanted) => (await host.loadHistory()).why(directory, wanted, host.log.warn),
    whyNot: (query) => host.whyNot(directory, query),
    report: async (query) => (await host.loadHistory()).report(directory, query, host.log.warn),
    async [Symbol.asyncDispose]() {
      queries.close();
    },
  };
}
