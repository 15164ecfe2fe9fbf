import type { Command } from 'commander';
import type { QuarantineRecord, ReadingRecord, ReadingsQuery } from '../domain/api.ts';
import { LimenError } from '../domain/error.ts';
import { pointName } from '../domain/point.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { openData, type DataSource } from './data-source.ts';
import { formatTable, formatTime, formatValue, printable } from './text.ts';
import { parseTimeArgument } from './time-argument.ts';

interface Options extends ConfigOption {
  readonly point?: string;
  readonly from?: string;
  readonly to?: string;
  readonly count?: true;
  readonly quarantined?: true;
  readonly json?: true;
}

/** `limen readings`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('-p, --point <device/metric>', 'only this point')
    .option('--from <time>', 'not before: 2026-11-23T07:00, ms since 1970, or 30m, 2h, 7d ago')
    .option('--to <time>', 'before: written likewise')
    .option('--count', 'print the number alone')
    .option('--quarantined', 'print the payloads that could not be read')
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Works whether Limen runs or not. Readings come in the order they were accepted.

Examples:
  limen readings --point freezer-1/temperature --from 2h
  limen readings --from 2026-11-22 --to 2026-11-23 --json > day.ndjson
  limen readings --count
  limen readings --quarantined`,
    )
    .action(async (options: Options) => {
      const query = parseQuery(options, host.clock.wallMs());
      await using data = await openData(host, options);
      if (options.quarantined) return printQuarantined(await data.quarantined(), options, host);
      if (options.count) return host.out.write(`${await data.countReadings(query)}\n`);
      await printReadings(data, query, options, host);
    });
}

function parseQuery(options: Options, nowMs: number): ReadingsQuery {
  const { point = null, from, to } = options;
  if (point !== null && !point.includes('/')) {
    throw new LimenError('invalid', `--point: "${point}" must be device/metric`);
  }
  const fromMs = from === undefined ? null : parseTimeArgument('--from', from, nowMs);
  const toMs = to === undefined ? null : parseTimeArgument('--to', to, nowMs);
  if (fromMs !== null && toMs !== null && fromMs > toMs) {
    throw new LimenError('invalid', '--from must not be later than --to');
  }
  return { point, fromMs, toMs };
}

async function printReadings(
  data: DataSource,
  query: ReadingsQuery,
  options: Options,
  host: CliHost,
): Promise<void> {
  const formatLine = options.json ? jsonLine : textLine;
  for await (const batch of data.readings(query)) {
    await host.out.write(batch.map(formatLine).join(''));
  }
}

// The order of the keys is part of the contract, whoever made the record.
function jsonLine(reading: ReadingRecord): string {
  const { seq, at_ms, device, metric, value, unit, quality } = reading;
  return `${JSON.stringify({ seq, at_ms, device, metric, value, unit, quality })}\n`;
}

function textLine(reading: ReadingRecord): string {
  const value = formatValue(reading.value, reading.unit);
  const quality = reading.quality === 'good' ? '' : `  ${reading.quality}`;
  return `${formatTime(reading.at_ms)}  ${printable(pointName(reading))}  ${value}${quality}\n`;
}

async function printQuarantined(
  records: readonly QuarantineRecord[],
  options: Options,
  host: CliHost,
): Promise<void> {
  if (options.count) return host.out.write(`${records.length}\n`);
  if (options.json) {
    return host.out.write(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
  if (records.length === 0) return host.out.write('Every payload could be read\n');
  const rows = records.map((record) => [
    String(record.count),
    formatTime(record.last_at),
    printable(record.topic),
    printable(record.reason),
    printable(Buffer.from(record.sample_base64, 'base64').toString('utf8').slice(0, 60)),
  ]);
  const lines = formatTable(['COUNT', 'LAST', 'TOPIC', 'REASON', 'SAMPLE'], rows);
  await host.out.write(lines.map((line) => `${line}\n`).join(''));
}
