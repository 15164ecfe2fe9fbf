import { existsSync, globSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { PluggedPort } from '../../src/domain/serial.ts';
import { findHolder, permissionProblem } from './port-problem.ts';

/**
 * The serial ports of this machine, those on USB first. From the device nodes and sysfs alone: the list of the serial
 * library needs udevadm, which a small system may not have. `root` stands before every path.
 */
export function listPorts(root = ''): PluggedPort[] {
  const names = namesById(root);
  return nodesOf(root)
    .map((node): PluggedPort => {
      const usb = usbOf(root, basename(node));
      return {
        path: names.get(node) ?? node,
        node,
        manufacturer: usb('manufacturer'),
        product: usb('product'),
        usbId: usbIdOf(usb),
        holder: findHolder(root + node),
        problem: permissionProblem(root + node),
      };
    })
    .toSorted((a, b) => Number(b.usbId !== null) - Number(a.usbId !== null));
}

/** Device nodes with hardware behind them. */
function nodesOf(root: string): string[] {
  return globSync(['ttyACM*', 'ttyUSB*', 'ttyAMA*', 'ttyTHS*', 'ttyS[0-9]*'], {
    cwd: `${root}/dev`,
  })
    .toSorted()
    .filter((name) => !/^ttyS\d/.test(name) || hasUart(root, name))
    .map((name) => `/dev/${name}`);
}

// The kernel makes nodes for serial ports that a board may have, and says type 0 for those it has not.
function hasUart(root: string, name: string): boolean {
  const type = readLine(`${root}/sys/class/tty/${name}/type`);
  return type !== null && type !== '0';
}

/** The name that stays, by device node. */
function namesById(root: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  // By id comes last: it is the better one. By path it is a socket, not a device.
  for (const folder of ['/dev/serial/by-path', '/dev/serial/by-id']) {
    if (!existsSync(root + folder)) continue;
    for (const name of readdirSync(root + folder).toSorted()) {
      const node = target(root, join(folder, name));
      if (node !== null) names.set(node, join(folder, name));
    }
  }
  return names;
}

function target(root: string, path: string): string | null {
  try {
    return realpathSync(root + path).slice(realpathSync(`${root}/`).replace(/\/$/, '').length);
  } catch {
    // Unplugged meanwhile.
    return null;
  }
}

type FindAttribute = (name: string) => string | null;

// The attributes stand at the USB device, some folders above the port.
function usbOf(root: string, name: string): FindAttribute {
  let folder: string;
  try {
    folder = realpathSync(`${root}/sys/class/tty/${name}/device`);
  } catch {
    return () => null;
  }
  for (let depth = 0; depth < 4; depth++, folder = dirname(folder)) {
    const at = folder;
    if (existsSync(join(at, 'idVendor'))) return (attribute) => readLine(join(at, attribute));
  }
  return () => null;
}

function usbIdOf(usb: FindAttribute): string | null {
  const [vendor, product] = [usb('idVendor'), usb('idProduct')];
  return vendor === null || product === null ? null : `${vendor}:${product}`;
}

function readLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0]?.trim() ?? null;
  } catch {
    return null;
  }
}
