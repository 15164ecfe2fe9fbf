import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import type { Config } from '../domain/config.ts';
import type { PluggedPort } from '../domain/serial.ts';
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
      // In the config, and not in the list: what is not there, and what has another name than usual.
      const others = configured
        .map((source) => ({ ...source, node: nodeOf(source.path) }))
        .filter(({ node }) => !ports.some((port) => port.node === node));
      const sourceOf = (port: PluggedPort): ConfiguredPort | null =>
        configured.find(({ path }) => nodeOf(path) === port.node) ?? null;
      if (options.json) {
        const rows = ports.map((port) => portJson(port, sourceOf(port)));
        return host.out.write(formatJson([...rows, ...others.map(otherJson)]));
      }
      const taken = new Set(configured.map(({ device }) => device));
      const blocks = [
        ...ports.map((port) => portText(port, sourceOf(port), taken, host)),
        ...others.map((source) => otherText(source, host)),
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
  return sources.flatMap((source): readonly ConfiguredPort[] => {
    if (source.kind !== 'serial' && source.kind !== 'firmata') return [];
    const { path, device } = source;
    return [{ path, device, format: source.kind === 'firmata' ? 'firmata' : source.format.kind }];
  });
}

/** The device node that a path leads to; null: it is not there. */
function nodeOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
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

/** A port of the config with the node that its path leads to; null: none. */
interface OtherPort extends ConfiguredPort {
  readonly node: string | null;
}

function otherJson({ path, node, device, format }: OtherPort): object {
  const nobody = { manufacturer: null, product: null, usb_id: null, holder: null };
  return { path, node, ...nobody, problem: node === null ? missing : null, device, format };
}

const missing = 'not plugged in';

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

function otherText({ path, node, device, format }: OtherPort, host: CliHost): string {
  const reader = `device ${printable(device)}, format ${format}`;
  const title = paint(host.out, 'bold', printable(path));
  if (node === null) return `${title}\n${paint(host.out, 'red', `  ${missing}`)}: ${reader}`;
  const now = node === path ? '' : `, now ${printable(node)}`;
  return `${title}\n  a port with an unusual name${now}\n  read as ${reader}`;
}

function freeName(taken: ReadonlySet<string>): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? 'bench' : `bench-${count}`;
    if (!taken.has(name)) return name;
  }
}
