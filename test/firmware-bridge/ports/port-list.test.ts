import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listPorts } from '../../../firmware-bridge/ports/port-list.ts';

/** A machine's `/dev` and `/sys` as they lie on disk: files by path, and links by where they lead. */
function machine(
  files: Readonly<Record<string, string>>,
  links: Readonly<Record<string, string>>,
): string {
  const root = mkdtempSync(join(tmpdir(), 'limen-ports-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const place = (path: string): string => {
    mkdirSync(dirname(root + path), { recursive: true });
    return root + path;
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(place(path), text);
  for (const [path, to] of Object.entries(links))
    symlinkSync(relative(dirname(root + path), root + to), place(path));
  mkdirSync(join(root, 'dev'), { recursive: true });
  return root;
}

const usb = '/sys/devices/pci/usb1/1-1';
const arduino = {
  '/dev/ttyACM0': '',
  [`${usb}/idVendor`]: '2341\n',
  [`${usb}/idProduct`]: '0043\n',
  [`${usb}/manufacturer`]: 'Arduino (www.arduino.cc)\n',
  [`${usb}/1-1:1.0/interface`]: 'x',
};
const arduinoLinks = {
  '/sys/class/tty/ttyACM0/device': `${usb}/1-1:1.0`,
  '/dev/serial/by-path/pci-usb-0:1:1.0': '/dev/ttyACM0',
  '/dev/serial/by-id/usb-Arduino_7583-if00': '/dev/ttyACM0',
};

test('listPorts() names a USB port by what stays with the device, and says what it is', () => {
  const root = machine(arduino, arduinoLinks);
  expect(listPorts(root)).toEqual([
    {
      path: '/dev/serial/by-id/usb-Arduino_7583-if00',
      node: '/dev/ttyACM0',
      manufacturer: 'Arduino (www.arduino.cc)',
      product: null,
      usbId: '2341:0043',
      holder: null,
      problem: null,
    },
  ]);
});

test('listPorts() leaves out nodes without hardware, and puts USB first', () => {
  const root = machine(
    {
      ...arduino,
      '/dev/ttyAMA0': '',
      '/dev/ttyS0': '',
      '/dev/ttyS1': '',
      '/sys/class/tty/ttyS0/type': '4\n',
      '/sys/class/tty/ttyS1/type': '0\n',
    },
    arduinoLinks,
  );
  expect(listPorts(root).map(({ node }) => node)).toEqual([
    '/dev/ttyACM0',
    '/dev/ttyAMA0',
    '/dev/ttyS0',
  ]);
});

test('listPorts() outlives a link that leads nowhere, and a machine without any port', () => {
  const gone = machine({}, { '/dev/serial/by-id/usb-gone': '/dev/ttyACM7' });
  expect(listPorts(gone)).toEqual([]);
  expect(listPorts(machine({}, {}))).toEqual([]);
});
