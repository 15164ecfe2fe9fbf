import { existsSync, realpathSync } from 'node:fs';
import type { Command } from 'commander';
import type { Config, Source } from '../domain/config.ts';
import type { PluggedPort, SerialSource } from '../domain/serial.ts';
import type { CliHost } from './cli-host.ts';
import { checkConfig, findConfig, withConfigOption, type ConfigOption } from './config-file.ts';
import { findPortHint } from './port-hint.ts';
import { paint } from './terminal.ts';
import { formatJson, printable } from './text.ts';

interface Options extends ConfigOption {
  readonly json?: true;
}

/** A source of the config that reads a port. */
interface ConfiguredPort {
  readonly path: string;
  readonly device: string;
  readonly format: string;
}

/** `limen ports`. */
export function define(command: Command, host: CliHost): void {
  withConfigOption(command)
    .option('--json', 'print a JSON array')
    .addHelpText(
      'after',
      `
Lists the serial ports of this machine: what is plugged in, whether you may use it, who has it open, and the lines that
would read it in the config. The name under /dev/serial/by-id stays with the device; /dev/ttyACM0 does not. Works whether
Limen runs or not.

Examples:
  limen ports
  limen ports --json | jq '.[] | select(.device == null) | .path'`,
    )
    .action(async (options: Options) => {
      const ports = await host.listPorts();
      const configured = await readConfigured(host, options);
      const missing = configured.filter(({ path }) => !existsSync(path));
      const sourceOf = (port: PluggedPort): ConfiguredPort | null =>
        configured.find(({ path }) => leadsTo(path, port.node)) ?? null;
      if (options.json) {
        const rows = ports.map((port) => portJson(port, sourceOf(port)));
        return host.out.write(formatJson([...rows, ...missing.map(missingJson)]));
      }
      const taken = new Set(configured.map(({ device }) => device));
      const blocks = [
        ...ports.map((port) => portText(port, sourceOf(port), taken, host)),
        ...missing.map((source) => missingText(source, host)),
      ];
      await host.out.write(blocks.length === 0 ? nothing : `${blocks.join('\n\n')}\n`);
    });
}

const nothing = `No serial port is plugged in.
A board that is does not show: try another cable (many only charge), then: dmesg | tail\n`;

/** The ports that the config reads; none where it cannot be read. */
async function readConfigured(host: CliHost, options: Options): Promise<readonly ConfiguredPort[]> {
  try {
    const loaded = await checkConfig(findConfig(host, options), host);
    if (loaded.ok) return portsOf(loaded.config);
    await host.err.write('limen: the config has mistakes (limen check lists them)\n');
  } catch (error) {
    if (options.config !== undefined) throw error;
  }
  return [];
}

function portsOf({ sources }: Config): readonly ConfiguredPort[] {
  const all: readonly (Source | SerialSource)[] = sources;
  return all.flatMap((source) =>
    source.kind === 'serial'
      ? [{ path: source.path, device: source.device, format: source.format.kind }]
      : [],
  );
}

function leadsTo(path: string, node: string): boolean {
  try {
    return realpathSync(path) === node;
  } catch {
    return false;
  }
}

function portJson(port: PluggedPort, source: ConfiguredPort | null): object {
  return {
    path: port.path,
    node: port.node,
    manufacturer: port.manufacturer,
    product: port.product,
    usb_id: port.usbId,
    holder: port.holder,
    problem: port.problem,
    device: source?.device ?? null,
    format: source?.format ?? null,
  };
}

function missingJson({ path, device, format }: ConfiguredPort): object {
  const nobody = { manufacturer: null, product: null, usb_id: null, holder: null };
  return { path, node: null, ...nobody, problem: 'not plugged in', device, format };
}

function portText(
  port: PluggedPort,
  source: ConfiguredPort | null,
  taken: Set<string>,
  host: CliHost,
): string {
  const hint = findPortHint(port.usbId);
  const maker = [port.manufacturer, port.product].filter((text) => text !== null).join(' ');
  const what = maker === '' ? (hint.what ?? 'a port of this machine') : maker;
  const usb = port.usbId === null ? '' : ` (USB ${port.usbId})`;
  const lines = [
    paint(host.out, 'bold', printable(port.path)),
    `  ${printable(what)}${usb}${port.path === port.node ? '' : `, now ${port.node}`}`,
  ];
  if (port.problem !== null) lines.push(paint(host.out, 'red', `  ${printable(port.problem)}`));
  if (port.holder !== null) lines.push(`  in use by ${printable(port.holder)}`);
  if (source !== null) {
    lines.push(`  read as device ${printable(source.device)}, format ${source.format}`);
    return lines.join('\n');
  }
  const device = freeName(taken);
  taken.add(device);
  return [
    ...lines,
    '  not in the config; to read it, under sources: say',
    `    - serial: ${printable(port.path)}`,
    `      device: ${device}`,
    `      format: ${hint.format}${hint.note === null ? '' : `    # ${hint.note}`}`,
  ].join('\n');
}

function missingText({ path, device, format }: ConfiguredPort, host: CliHost): string {
  const problem = paint(host.out, 'red', '  not plugged in');
  return `${paint(host.out, 'bold', printable(path))}\n${problem}: device ${printable(device)}, format ${format}`;
}

function freeName(taken: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? 'bench' : `bench-${count}`;
    if (!taken.has(name)) return name;
  }
}
