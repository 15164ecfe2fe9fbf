import type { Command } from 'commander';
import type { AlertState } from '../domain/alert.ts';
import type { StatusJson } from '../http/client.ts';
import { parseAlert } from './alert-row.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { findDirectory, findRunning } from './data-source.ts';
import { outputText } from './output-text.ts';
import { paint } from './terminal.ts';
import { formatCount, formatDuration, formatJson, printable } from './text.ts';

interface Options extends ConfigOption {
  readonly json?: true;
}

/** `limen status`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('--json', 'print a JSON object')
    .addHelpText(
      'after',
      `
Works whether Limen runs or not; when it does not run, it prints what is known of the last time.

Examples:
  limen status
  limen status --json | jq .alerts`,
    )
    .action(async (options: Options) => {
      const client = await findRunning(host, options);
      if (client === null) return printStopped(options, host);
      const status = await client.status();
      if (options.json) return host.out.write(formatJson({ running: true, ...status }));
      await host.out.write(statusText(status, host));
    });
}

// The keys of a running Limen, null where only a running one knows.
async function printStopped(options: Options, host: CliHost): Promise<void> {
  const directory = await findDirectory(host, options);
  const { openQueries } = await import('../storage/queries.ts');
  const queries = openQueries(directory, host.log.warn);
  const states = (queries?.alerts(false) ?? []).map((alert) => parseAlert(alert).state);
  const points = queries?.points().length ?? 0;
  queries?.close();
  const inState = (state: AlertState): number => states.filter((each) => each === state).length;
  const alerts = {
    pending: inState('pending'),
    active: inState('active'),
    acknowledged: inState('acknowledged'),
    returned: inState('returned'),
  };
  if (options.json) {
    return host.out.write(
      formatJson({ running: false, ...nothingKnown, directory, points, alerts }),
    );
  }
  const data = queries === null ? 'nothing stored yet' : formatCount(points, 'point');
  await host.out.write(
    `${paint(host.out, 'yellow', 'Limen is not running')}\n` +
      formatLines([
        ['data', `${printable(directory)}, ${data}`],
        ['alerts', alertCounts(alerts)],
      ]),
  );
}

const nothingKnown = {
  site: null,
  version: null,
  pid: null,
  started_at: null,
  listeners: null,
  http: null,
  directory: null,
  clock_trusted: null,
  seq: null,
  committed_seq: null,
  storage: null,
  readings: null,
  points: null,
  rules: null,
  alerts: null,
  connections: null,
  sources: null,
  brokers: null,
  ports: null,
  boards: null,
  outputs: null,
  notifiers: null,
  unmatched_rules: null,
  problems: null,
} as const satisfies Record<keyof StatusJson, null>;

function statusText(status: StatusJson, host: CliHost): string {
  const bad = (text: string): string => paint(host.out, 'red', text);
  const { readings } = status;
  const age = formatDuration(host.clock.wallMs() - status.started_at);
  const rejections = status.sources.flatMap(({ source, reasons }) =>
    Object.entries(reasons).map(
      ([reason, count]) => `  ${count} rejected from ${printable(source)}: ${printable(reason)}`,
    ),
  );
  const oldOnes = status.sources.flatMap(({ source, late, out_of_order: outOfOrder }) =>
    late + outOfOrder === 0
      ? []
      : [`  ${late} late and ${outOfOrder} out of order from ${printable(source)}`],
  );
  const lines: Line[] = [
    ['limen', `${status.version}, site ${printable(status.site)}, up ${age}, pid ${status.pid}`],
    ['data', `${printable(status.directory)}, rows up to ${status.committed_seq} on disk`],
    ['storage', status.storage === 'ok' ? 'ok' : bad('stalled: nothing gets to disk; see the log')],
    ['clock', status.clock_trusted ? 'trusted' : bad('not trusted: wall times may be wrong')],
    [
      'broker',
      `${status.listeners.join(' ') || 'none'}, ${formatCount(status.connections, 'connection')}`,
    ],
    ['http', status.http ?? 'none'],
    [
      'readings',
      `${readings.accepted} accepted, ${readings.stored} stored, ${readings.rejected} rejected`,
    ],
    ...[...rejections, ...oldOnes].map((text) => ['', text] as const),
    ['points', `${status.points}, ${formatCount(status.rules, 'rule')}`],
    ['alerts', alertCounts(status.alerts)],
  ];
  for (const { name, url, connected } of status.brokers) {
    const link = connected ? 'connected' : bad('not connected');
    lines.push(['remote', `${printable(name)} ${printable(url)}, ${link}`]);
  }
  for (const port of status.ports) lines.push(['port', portText(port, bad)]);
  for (const board of status.boards) lines.push(['board', boardText(board, bad)]);
  for (const output of status.outputs) {
    const text = outputText(output);
    lines.push(['output', output.trip === null ? text : bad(text)]);
  }
  for (const { name, delivered, failed, queued, last_error: error } of status.notifiers) {
    const last = error === null ? '' : `, last: ${printable(error)}`;
    const failures = failed === 0 ? '0 failed' : bad(`${failed} failed`);
    const text = `${delivered} delivered, ${failures}, ${queued} waiting${last}`;
    lines.push(['notifier', `${printable(name)}: ${text}`]);
  }
  for (const rule of status.unmatched_rules) {
    lines.push(['rule', `${printable(rule)} matches no point yet`]);
  }
  for (const problem of status.problems) lines.push(['problem', bad(printable(problem))]);
  return formatLines(lines);
}

function portText(port: StatusJson['ports'][number], bad: (text: string) => string): string {
  const { open, problem, frames, bad_frames: badFrames } = port;
  const reasons = Object.entries(badFrames).map(([reason, count]) => `${count} ${reason}`);
  const lines = formatCount(frames, 'line');
  const unread = reasons.length === 0 ? '' : bad(`, not read: ${reasons.join(', ')}`);
  const link = open ? 'open' : bad(printable(problem ?? 'not open yet'));
  return `${printable(port.port)} ${link}, ${lines}${unread}`;
}

function boardText(board: StatusJson['boards'][number], bad: (text: string) => string): string {
  const { id, firmware, kind, lease_ms: leaseMs, started_by: startedBy } = board;
  const link = board.up ? 'up' : bad(printable(board.problem ?? 'not there yet'));
  const facts = [
    kind !== null && firmware !== null ? `${kind} with firmware ${firmware}` : null,
    id === null ? null : `id ${id}`,
    leaseMs === null ? null : `safe after ${formatDuration(leaseMs)} by itself`,
    startedBy === null ? null : `started by ${startedBy}`,
  ].filter((text) => text !== null);
  return [`${printable(board.board)} ${link}`, ...facts.map(printable)].join(', ');
}

type Line = readonly [title: string, text: string];

function formatLines(lines: readonly Line[]): string {
  return lines.map(([title, text]) => `${title.padEnd(9)} ${text}\n`).join('');
}

function alertCounts(alerts: StatusJson['alerts']): string {
  const { active, acknowledged, returned, pending } = alerts;
  return `${active} active, ${acknowledged} acknowledged, ${returned} returned, ${pending} pending`;
}
