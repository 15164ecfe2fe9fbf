// Aim: what a device says on a serial line becomes readings and alerts, whatever happens to the line.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import type { WhyNotReport } from '../../src/domain/why-not.ts';
import { SerialDevice } from '../firmware-bridge/serial-device.ts';
import { lockDayFile } from './day-file-lock.ts';
import { eventually, install } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';

const rules = 'rules: { hot: { points: oven/temp, above: 100, severity: warning } }';
const hot = 'limen/alerts/hot/oven/temp';

function source(device: SerialDevice, keys: string): string {
  return `sources: [{ serial: '${device.path}', device: oven, ${keys} }]\n${rules}`;
}

test.each([
  ['ndjson', 'format: ndjson', '{"temp": 150.5, "hum": 40}\r\n'],
  ['csv', 'format: csv, columns: [_, temp]', '17;150.5\n'],
  ['key_value', 'format: key_value', 'temp=150.5 °C, hum=40 %\r\n'],
  ['nmea', 'format: nmea', '$WIMTW,150.5,C*3C\r\n'],
  ['regex', "format: regex, pattern: 'T=(?P<temp>[-0-9.]+)'", '12:30 T=150.5 ok\n'],
  [
    'frames',
    'format: frames, frame: { start: aa c0, length: 5 }, check: { kind: sum8, from: 2 }, fields: { temp: { at: 2, type: u16, scale: 0.1 } }',
    Buffer.from([0xaa, 0xc0, 0xe1, 0x05, 0xe6]),
  ],
])(
  '%s: a value on the line raises an alert',
  async (name, keys, bytes) => {
    const device = new SerialDevice();
    const yaml = source(device, keys);
    const limen = install({
      yaml: name === 'nmea' ? yaml.replace('oven/temp', 'oven/MTW.water_temperature') : yaml,
    });
    const running = await limen.start();
    const inbox = await openInbox(running.url, 'limen/alerts/#');
    const topic = name === 'nmea' ? 'limen/alerts/hot/oven/MTW.water_temperature' : hot;
    const raised = inbox.next('raised', on(topic, { state: 'active', value: 150.5 }));
    await device.sayUntil(bytes, raised);
    const { code } = await running.stop();
    expect(code).toBe(0);
  },
  40_000,
);

test('a line that is unplugged is told with its cause, and read again under its name', async () => {
  const device = new SerialDevice();
  const limen = install({ yaml: source(device, 'format: ndjson') });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/alerts/#');
  await device.sayUntil('{"temp": 150}\n', inbox.next('raised', on(hot, { state: 'active' })));
  device.unplug();
  const lost = await running.logged('serial port not open');
  expect(lost['reason']).toMatch(/was unplugged|is not there: is it plugged in/);
  device.plug();
  const cleared = inbox.next('cleared', on(hot, { state: 'normal' }));
  await device.sayUntil('{"temp": 20}\n', cleared);
  const values = (await limen.readings('oven/temp')).map(({ value }) => value);
  // In the order in which they were said, each as often as it was heard.
  expect(values).toEqual(values.toSorted((a, b) => Number(b) - Number(a)));
}, 40_000);

test('bytes that are no lines are counted, told with a cure, and the next good line is read', async () => {
  const device = new SerialDevice();
  const limen = install({
    yaml: `sources: [{ serial: '${device.path}', device: oven, format: ndjson, baud: 115200 }]
rules:
  hot: { points: oven/temp, above: 100 }
  noisy: { points: oven/limen.bad_lines, above: 0 }`,
  });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/alerts/#');
  // A flood without a newline, as from a device at another speed.
  const noise = Buffer.from(Array.from({ length: 512 }, (_, at) => (at * 37 + 128) & 0xf7));
  const told = await device.sayUntil(noise, running.logged('nothing can be read'));
  expect(told).toMatchObject({ level: 'warn', baud: 115_200, format: 'ndjson' });
  expect(told['cure']).toContain('baud');
  await device.sayUntil('\n{"temp": 150}\n', inbox.next('raised', on(hot, { state: 'active' })));
  const noisy = on('limen/alerts/noisy/oven/limen.bad_lines', { state: 'active' });
  const isNoisy = eventually('noisy', () => Promise.resolve(inbox.messages.some(noisy)), 30_000);
  await device.sayUntil(`${'x'.repeat(5_000)}\n`, isNoisy);
  const metrics = await (await fetch(`${running.httpUrl}/metrics`)).text();
  expect(metrics).toContain(`limen_serial_open_count{port="${device.path}"} 1\n`);
  expect(metrics).toMatch(
    /^limen_serial_bad_frames_total\{port="[^"]+",reason="longer than a line may be"\} [1-9]/m,
  );
  const { out } = await limen.cli('status');
  expect(out).toMatch(/^port +\S+ open, \d+ lines?, not read: .*\d+ longer than a line may be/m);
}, 60_000);

test('lines that tell nothing of a point are why its alert did not fire', async () => {
  const device = new SerialDevice();
  const limen = install({ yaml: source(device, 'format: ndjson') });
  await limen.start();
  const told = eventually(
    'why-not tells of the line',
    async () => {
      const argv = ['why-not', 'hot', 'oven/temp', '--at', String(Date.now())];
      const found = (await limen.json(...argv)) as WhyNotReport;
      return found.reason === 'rejected' ? found : null;
    },
    20_000,
  );
  const { clauses } = await device.sayUntil('{"temp": "warm"}\n', told);
  expect(clauses.find(({ clause }) => clause === 'rejected')).toMatchObject({
    topic: device.path,
    reason: 'no metric in the object',
  });
}, 40_000);

test('a port that another program holds is told by its name, and read when it is free', async () => {
  const device = new SerialDevice();
  const holder = new SerialPort({ path: device.path, baudRate: 9600, lock: true, autoOpen: false });
  await new Promise<void>((resolve, reject) =>
    holder.open((error) => (error === null ? resolve() : reject(error))),
  );
  holder.on('error', () => undefined);
  const free = (): Promise<void> =>
    new Promise((resolve) => (holder.isOpen ? holder.close(() => resolve()) : resolve()));
  onTestFinished(free);
  const limen = install({ yaml: source(device, 'format: ndjson') });
  const running = await limen.start();
  const told = await running.logged('serial port not open');
  expect(told['reason']).toContain('is in use by');
  expect(told['reason']).toContain(`process ${process.pid}`);
  const inbox = await openInbox(running.url, 'limen/alerts/#');
  await free();
  await device.sayUntil('{"temp": 150}\n', inbox.next('raised', on(hot, { state: 'active' })));
}, 60_000);

test('while the disk takes nothing a line that floods is read no further, and goes on when it does', async () => {
  const device = new SerialDevice();
  const limen = install({ yaml: source(device, 'format: csv, columns: [temp, a, b, c]') });
  const running = await limen.start();
  await running.logged('serial port open');
  const unstored = async (): Promise<number> => {
    const text = await (await fetch(`${running.httpUrl}/metrics`)).text();
    return Number(/^limen_journal_unstored_rows (\d+)$/m.exec(text)?.[1]);
  };
  const lines = Buffer.from('1,2,3,4\n'.repeat(500));
  const lock = lockDayFile(limen.data);
  let most = 0;
  for (const until = performance.now() + 8_000; performance.now() < until;) {
    for (let count = 0; count < 100; count++) {
      device.say(lines);
      await wait(1);
    }
    most = Math.max(most, await unstored());
  }
  expect(most).toBeGreaterThan(limits.serialUnstoredRowsMax);
  expect(most).toBeLessThan(limits.unstoredRowsMax);
  lock.release();
  const inbox = await openInbox(running.url, 'limen/alerts/#');
  const raised = inbox.next('raised', on(hot, { state: 'active' }));
  await device.sayUntil('\n150,2,3,4\n', raised);
}, 60_000);

test('ten unplugs in the middle of a sentence: always read again, and never a core kept busy', async () => {
  const device = new SerialDevice();
  const limen = install({ yaml: source(device, 'format: key_value') });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/alerts/#');
  const until = (value: number, state: string, from: number) =>
    device.sayUntil(`temp=${value}\n`, inbox.next(state, on(hot, { state }), from), 5);
  await until(150, 'active', 0);
  const startedAt = performance.now();
  const before = cpuMs(running.pid);
  for (let round = 0; round < 10; round++) {
    const [value, state] = round % 2 === 0 ? [20, 'normal'] : [150, 'active'];
    // Data on its way and the hang-up at once: what leaves a reader of the port spinning.
    for (let line = 0; line < 20; line++) device.say(`note=${round}\n`);
    device.unplug();
    const from = inbox.messages.length;
    device.plug();
    await device.opened();
    await until(value, state, from);
  }
  const share = (cpuMs(running.pid) - before) / (performance.now() - startedAt);
  expect(share).toBeLessThan(0.5);
}, 180_000);

/** CPU time of a process and its children so far. */
function cpuMs(pid: number): number {
  const own = (id: string): number => {
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // In ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  };
  const children = readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid);
    } catch {
      return false;
    }
  });
  return [String(pid), ...children].reduce((sum, id) => sum + own(id), 0);
}
