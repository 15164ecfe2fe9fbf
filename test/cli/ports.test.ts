import { expect, test } from 'vitest';
import { SerialDevice } from '../firmware-bridge/serial-device.ts';
import { createSite } from './limen.ts';

// What is plugged into this machine nobody knows: looked at is what the config adds to it.

interface Row {
  readonly path: string;
}

test('limen ports names every port of the config: the missing one, the unusual one, a Firmata board', async () => {
  const device = new SerialDevice();
  await using site = createSite(`sources:
  - { serial: /dev/serial/by-id/usb-Nobody, device: bench, format: limen }
  - { serial: '${device.path}', device: oven, format: ndjson }
  - { firmata: /dev/serial/by-id/usb-Nano, device: bed-3, pins: { A0: { metric: soil } } }
`);
  const { status, out } = await site.limen(['ports']);
  expect(status).toBe(0);
  const blocks = out.trimEnd().split('\n\n').slice(-3);
  expect(blocks).toEqual([
    '/dev/serial/by-id/usb-Nobody\n  not plugged in: device bench, format limen',
    expect.stringMatching(
      /\n {2}a port with an unusual name, now \/dev\/pts\/\d+\n {2}read as device oven, format ndjson$/,
    ),
    '/dev/serial/by-id/usb-Nano\n  not plugged in: device bed-3, format firmata',
  ]);
  const { out: json } = await site.limen(['ports', '--json']);
  const rows: readonly Row[] = JSON.parse(json);
  expect(rows.find(({ path }) => path === device.path)).toMatchObject({
    node: expect.stringContaining('/dev/pts/'),
    problem: null,
    device: 'oven',
    format: 'ndjson',
  });
  expect(rows.find(({ path }) => path.endsWith('usb-Nano'))).toMatchObject({
    node: null,
    problem: 'not plugged in',
    format: 'firmata',
  });
});

test('limen ports colours nothing that does not go to a terminal, and lists without a config it can read', async () => {
  await using site = createSite('sources: [{ serial: here, device: bench, format: nonsense }]\n');
  const { status, out, err } = await site.limen(['ports']);
  expect(status).toBe(0);
  expect(out).not.toContain('\u001B');
  expect(err).toBe('limen: the config has mistakes (limen check lists them)\n');
});
