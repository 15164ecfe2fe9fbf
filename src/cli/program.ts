import { Command, CommanderError } from 'commander';
import { exitCodes, LimenError, messageOf } from '../domain/error.ts';
import type { CliHost, ExitCode } from './cli-host.ts';
import { commands, laterCommands } from './commands.ts';
import { printableLines } from './text.ts';

/** Runs the command line: loads only the command that was asked for. Resolves when it has ended. */
export async function runCommandLine(argv: readonly string[], host: CliHost): Promise<void> {
  const name = argv.find((argument) => !argument.startsWith('-') && argument !== 'help');
  if (name !== undefined && laterCommands.includes(name)) {
    await host.err.write(`limen ${name}: not in this version\n`);
    return host.setExitCode(2);
  }
  const program = createProgram(host);
  for (const [commandName, { summary, load }] of Object.entries(commands)) {
    const command = program.command(commandName).description(summary);
    if (commandName === name) (await load()).define(command, host);
  }
  if (argv.length === 0) {
    await host.err.write(program.helpInformation());
    return host.setExitCode(2);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    await report(error, host);
  }
}

function createProgram(host: CliHost): Command {
  return new Command('limen')
    .description('An alarm system for sensors that runs on one small computer.')
    .version(host.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .hook('preAction', (_, command) => refuseEmptyArguments(command))
    .configureHelp({ helpWidth: 100 })
    .addHelpText(
      'after',
      `\nEvery command has examples: limen <command> --help\nNot in this version: ${laterCommands.join(' ')}`,
    );
}

// A variable that was never set is no beginning of a name, which every name would fit.
function refuseEmptyArguments(command: Command): void {
  for (const [index, argument] of command.registeredArguments.entries()) {
    if (command.args[index]?.trim() !== '') continue;
    const meaning = argument.description === '' ? '' : `: ${argument.description}`;
    throw new LimenError('invalid', `<${argument.name()}> must not be empty${meaning}`);
  }
}

async function report(error: unknown, host: CliHost): Promise<void> {
  if (error instanceof CommanderError) {
    // Commander has printed what is wrong, or the help or version that was asked for.
    return host.setExitCode(error.exitCode === 0 ? 0 : 2);
  }
  if (error instanceof LimenError) {
    await host.err.write(`limen: ${printableLines(error.message)}\n`);
    return host.setExitCode(exitCodes[error.code] as ExitCode);
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  await host.err.write(`limen: internal error\n${detail}\n`);
  host.setExitCode(1);
}
