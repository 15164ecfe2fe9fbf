import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSite } from './limen.ts';

const commands = [
  'run',
  'check',
  'test',
  'simulate',
  'watch',
  'status',
  'readings',
  'alerts',
  'why-not',
  'ack',
  'reset',
  'set',
  'drill',
  'user',
];

test('limen --version prints the version of the package', async () => {
  await using site = createSite();
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  expect(await site.limen(['--version'])).toEqual({ status: 0, out: `${version}\n`, err: '' });
});

test('limen --help names every command', async () => {
  await using site = createSite();
  const { status, out } = await site.limen(['--help']);
  expect(status).toBe(0);
  for (const name of commands) expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
});

test('limen without a command prints the help and exits with 2', async () => {
  await using site = createSite();
  const { status, out, err } = await site.limen([]);
  expect({ status, out }).toEqual({ status: 2, out: '' });
  expect(err).toContain('Usage: limen');
});

test.each(commands)('limen %s --help has examples and --config', async (name) => {
  await using site = createSite();
  const { status, out, err } = await site.limen([name, '--help']);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out).toContain('Examples:\n');
  if (name !== 'user') expect(out).toContain('--config <file>');
});

test('limen help <command> prints the help of that command', async () => {
  await using site = createSite();
  const { status, out } = await site.limen(['help', 'ack']);
  expect(status).toBe(0);
  expect(out).toContain('limen ack freezer-warm');
});

test.each([
  ['doctor', '--json'],
  ['tls', '--help'],
])('limen %s says that it is not in this version and exits with 2', async (...argv) => {
  await using site = createSite();
  const err = `limen ${argv[0]}: not in this version\n`;
  expect(await site.limen(argv)).toEqual({ status: 2, out: '', err });
});

test('limen with an unknown command or option exits with 2 and says what was meant', async () => {
  await using site = createSite();
  const command = await site.limen(['statsu']);
  expect(command.status).toBe(2);
  expect(command.err).toContain('Did you mean status?');
  const option = await site.limen(['status', '--jsno']);
  expect(option.status).toBe(2);
  expect(option.err).toContain('Did you mean --json?');
});

test('a command says what to type where there is no config', async () => {
  await using site = createSite();
  const none = await site.limen(['status', '--config', 'other.yaml']);
  expect(none).toEqual({
    status: 2,
    out: '',
    err: 'limen: There is no config file "other.yaml"\n',
  });
});

test('limen simulate --list prints the scripted devices', async () => {
  await using site = createSite();
  const { status, out } = await site.limen(['simulate', '--list']);
  expect(status).toBe(0);
  expect(out).toMatch(/^cold-room +a cold room/m);
});

test('limen simulate refuses an unknown scenario and a speed that is not a number', async () => {
  await using site = createSite();
  const scenario = await site.limen(['simulate', 'cold-romo']);
  expect(scenario.status).toBe(2);
  expect(scenario.err).toContain('there are: cold-room');
  expect(await site.limen(['simulate', '--speed', 'fast'])).toMatchObject({ status: 2, out: '' });
});
