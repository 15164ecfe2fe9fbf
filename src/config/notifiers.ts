import type { NotifierSpec } from '../domain/config.ts';
import { readWebUrl } from './sources/addresses.ts';
import { checkName, readText, type Context } from './context.ts';
import type { Path } from './text/problem.ts';
import type { SalvagedConfig } from './text/shape.ts';

/** Ways to reach people. */
export function readNotifiers(context: Context, input: SalvagedConfig): readonly NotifierSpec[] {
  return Object.entries(input.notifiers ?? {}).flatMap(([name, notifier]): NotifierSpec[] => {
    const path = ['notifiers', name];
    checkName(context, path);
    if (notifier === undefined) return [];
    const { webhook, command } = notifier;
    if ((webhook === undefined) === (command === undefined)) {
      if (context.report.isTouched(path)) return [];
      const message =
        webhook === undefined ? 'a notifier without a way' : 'a notifier with two ways';
      context.report.problem(path, { message, allowed: 'one of webhook, command', atKey: true });
      return [];
    }
    if (command !== undefined) return readCommand(context, path, name, command);
    if (webhook?.url === undefined) return [];
    const urlPath = [...path, 'webhook', 'url'];
    const url = readWebUrl(context, urlPath, readText(context, urlPath, webhook.url));
    return url === null ? [] : [{ kind: 'webhook', name, url }];
  });
}

function readCommand(
  context: Context,
  path: Path,
  name: string,
  values: readonly (string | number | boolean | undefined)[],
): NotifierSpec[] {
  const commandPath = [...path, 'command'];
  const command = values.map((value, index) =>
    value === undefined ? '' : readText(context, [...commandPath, index], value),
  );
  if (command.some((part) => part.includes('\0'))) {
    context.report.problem(commandPath, {
      message: 'found a NUL character',
      allowed: 'text without it',
    });
  }
  if (command[0] !== undefined && command[0].trim() !== '')
    return [{ kind: 'command', name, command }];
  if (context.report.isTouched(commandPath)) return [];
  context.report.problem(commandPath, {
    message: 'found no program',
    allowed: 'a list such as [/usr/bin/notify, kitchen]',
  });
  return [];
}
