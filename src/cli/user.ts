import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { LimenError } from '../domain/error.ts';
import type { CliHost } from './cli-host.ts';
import { withConfigOption, type ConfigOption } from './config-file.ts';
import { openUserStore } from './user-store.ts';
import { formatJson, printable } from './text.ts';

interface AddOptions extends ConfigOption {
  readonly generate?: true;
}

interface ListOptions extends ConfigOption {
  readonly json?: true;
}

const passwordBytesMax = 1_024;

/** `limen user add|remove|list`. */
export function define(command: Command, host: CliHost): void {
  command.addHelpText(
    'after',
    `
Users log in to the embedded broker. Works whether Limen runs or not.

Examples:
  limen user add greenhouse              asks for the password
  limen user add greenhouse --generate   makes one and prints it
  limen user add greenhouse < secret     reads it from the first line
  limen user remove greenhouse
  limen user list`,
  );
  withConfigOption(command.command('add'))
    .description('add a user or give it a new password')
    .argument('<name>', 'as the device will log in')
    .option('--generate', 'make a password and print it')
    .addHelpText(
      'after',
      `
Examples:
  limen user add greenhouse
  limen user add greenhouse --generate`,
    )
    .action(async (name: string, options: AddOptions) => {
      checkName(name);
      const password = options.generate ? generatePassword() : await readPassword(host);
      await using users = await openUserStore(host, options);
      await users.set(name, password);
      await host.out.write(options.generate ? `${password}\n` : `user ${printable(name)} is set\n`);
    });
  withConfigOption(command.command('remove'))
    .description('remove a user')
    .argument('<name>')
    .addHelpText('after', '\nExamples:\n  limen user remove greenhouse')
    .action(async (name: string, options: ConfigOption) => {
      await using users = await openUserStore(host, options);
      await users.remove(name);
      await host.out.write(`user ${printable(name)} is removed\n`);
    });
  withConfigOption(command.command('list'))
    .description('print the names of the users')
    .option('--json', 'print a JSON array')
    .addHelpText('after', '\nExamples:\n  limen user list --json')
    .action(async (options: ListOptions) => {
      await using users = await openUserStore(host, options);
      const names = await users.list();
      const text = names.map((name) => `${printable(name)}\n`).join('');
      await host.out.write(options.json ? formatJson(names) : text);
    });
}

function checkName(name: string): void {
  if (name !== '' && printable(name) === name) return;
  throw new LimenError('invalid', 'A user name must not be empty or contain control characters');
}

// Without the letters and digits that are taken for one another when they are typed off a screen.
function generatePassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return Array.from({ length: 20 }, () => letters[randomInt(letters.length)] ?? '').join('');
}

async function readPassword(host: CliHost): Promise<string> {
  const password = host.stdin.isTTY ? await askTwice(host) : await readFirstLine(host);
  const bytes = Buffer.byteLength(password);
  if (bytes > 0 && bytes <= passwordBytesMax) return password;
  throw new LimenError(
    'invalid',
    `A password has 1 to ${passwordBytesMax} bytes; this has ${bytes}`,
  );
}

async function askTwice(host: CliHost): Promise<string> {
  const password = await askWithoutEcho(host, 'Password: ');
  const again = await askWithoutEcho(host, 'Again: ');
  if (password === again) return password;
  throw new LimenError('invalid', 'The two passwords are not the same; nothing was changed');
}

async function askWithoutEcho(host: CliHost, prompt: string): Promise<string> {
  await host.err.write(prompt);
  // Readline echoes to its output; this one swallows it.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: host.stdin, output, terminal: true });
  // Ctrl-D closes without an answer, Ctrl-C throws.
  const closed = once(lines, 'close').then(() => null);
  const answer = await Promise.race([lines.question('').catch(() => null), closed]);
  lines.close();
  await host.err.write('\n');
  if (answer === null) throw new LimenError('invalid', 'Cancelled; nothing was changed');
  return answer;
}

async function readFirstLine(host: CliHost): Promise<string> {
  let text = '';
  host.stdin.setEncoding('utf8');
  for await (const chunk of host.stdin as AsyncIterable<string>) {
    text += chunk;
    if (text.includes('\n') || text.length > passwordBytesMax) break;
  }
  return text.split(/\r?\n/)[0] ?? '';
}
