import type { Command } from 'commander';
import { LimenError } from '../domain/error.ts';
import { pointName } from '../domain/point.ts';
import type { WatchLine } from '../http/client.ts';
import { parseAlert } from './alert-row.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { connectRunning } from './data-source.ts';
import { abortOnSignal } from './signals.ts';
import { outputText } from './output-text.ts';
import { paint } from './terminal.ts';
import { formatClock, formatValue, printable, severityColors } from './text.ts';

interface Options extends ConfigOption {
  readonly alerts?: true;
  readonly json?: true;
}

/** `limen watch`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('--alerts', 'leave the readings out')
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Runs until Ctrl-C. Needs a running Limen. Who reads too slowly is cut off.

Examples:
  limen watch
  limen watch --alerts
  limen watch --json | jq 'select(.kind == "alert") | .alert.message'`,
    )
    .action(async (options: Options) => {
      const signal = abortOnSignal(host);
      const client = await connectRunning(host, options);
      const alertsOnly = options.alerts === true;
      try {
        for await (const lines of client.watch({ alertsOnly, signal })) {
          const format = options.json ? jsonLine : textLine;
          await host.out.write(lines.map((line) => format(line, host)).join(''));
        }
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      if (!signal.aborted) throw new LimenError('unavailable', 'Limen stopped');
    });
}

function jsonLine(line: WatchLine): string {
  return `${JSON.stringify(line)}\n`;
}

function textLine(line: WatchLine, host: CliHost): string {
  switch (line.kind) {
    case 'reading': {
      const { reading } = line;
      const quality = reading.quality === 'good' ? '' : `  ${reading.quality}`;
      const value = formatValue(reading.value, reading.unit);
      return `${formatClock(reading.at_ms)}  ${printable(pointName(reading))}  ${value}${quality}\n`;
    }
    case 'alert': {
      const alert = parseAlert(line.alert);
      // An escalation, a comment or a new condition leaves the state as it was.
      const change = line.from === line.to ? alert.reason : `${line.from} → ${line.to}`;
      const text = `${alert.severity ?? ''}  ${printable(alert.key)}  ${printable(change)}  ${printable(alert.message)}`;
      const isQuiet = alert.state === 'normal' || alert.severity === null;
      const painted = isQuiet ? text : paint(host.out, severityColors[alert.severity], text);
      return `${formatClock(alert.changedAt ?? host.clock.wallMs())}  ${painted}\n`;
    }
    case 'output': {
      return `${formatClock(line.output.since)}  output ${outputText(line.output)}\n`;
    }
    case 'answer': {
      const { act, id, by, result, reason } = line.answer;
      const why = reason === null ? '' : `: ${printable(reason)}`;
      const what = `${printable(act)} ${printable(id ?? '')} by ${printable(by)}`;
      return `${formatClock(host.clock.wallMs())}  ${what}  ${result}${why}\n`;
    }
  }
}
