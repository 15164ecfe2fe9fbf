import type { NotifierSpec } from '../domain/config.ts';
import type { OutputSpec } from '../domain/output.ts';
import { readWebUrl } from './addresses.ts';
import { embedded } from './brokers.ts';
import {
  checkName,
  checkReference,
  readDuration,
  readLevel,
  readLine,
  readText,
  type Context,
} from './context.ts';
import { configLimits } from './limits.ts';
import { quote, type Path } from './problem.ts';
import type { SalvagedConfig } from './shape.ts';
import { checkTopic } from './topics.ts';

/** What Limen can switch. */
export function readOutputs(
  context: Context,
  input: SalvagedConfig,
  brokerNames: readonly string[],
): readonly OutputSpec[] {
  const owners = new Map<string, string>();
  return Object.entries(input.outputs ?? {}).flatMap(([name, output]) => {
    const path = ['outputs', name];
    checkName(context, path);
    if (output === undefined) return [];
    const spec = readOutput(context, path, output, brokerNames);
    if (spec === null) return [];
    const address = `${spec.broker}\n${spec.topic}`;
    const owner = owners.get(address);
    if (owner === undefined) {
      owners.set(address, name);
    } else {
      context.report.problem([...path, 'mqtt', 'topic'], {
        message: `the output ${quote(owner)} already drives the topic ${quote(spec.topic)}`,
        allowed: 'one output for each topic of a broker',
      });
    }
    return [spec];
  });
}

type OutputInput = NonNullable<NonNullable<SalvagedConfig['outputs']>[string]>;

function readOutput(
  context: Context,
  path: Path,
  output: OutputInput,
  brokerNames: readonly string[],
): OutputSpec | null {
  const mqttPath = [...path, 'mqtt'];
  const safe = readLevel(output.safe) ?? 'off';
  const maxOnMs = readDuration(context, [...path, 'max_on'], output.max_on, { min: 1 });
  const leasePath = [...path, 'lease'];
  const leaseMs = readDuration(context, leasePath, output.lease, { min: 2_000 });
  if (leaseMs !== undefined && leaseMs % 1_000 !== 0) {
    context.report.problem(leasePath, {
      message: `found ${output.lease ?? ''}`,
      allowed: 'whole seconds',
    });
  }
  const payloads = {
    on: readPayload(context, [...mqttPath, 'on'], output.mqtt?.on, 'on'),
    off: readPayload(context, [...mqttPath, 'off'], output.mqtt?.off, 'off'),
  };
  if (payloads.on === payloads.off && !context.report.isTouched(mqttPath)) {
    const message = `on and off both send ${quote(payloads.on)}`;
    context.report.problem(mqttPath, { message, allowed: 'two payloads that differ', atKey: true });
  }
  for (const level of ['on', 'off'] as const) {
    if (output.lease !== undefined || !payloads[level].includes('{lease_s}')) continue;
    const payloadPath = [...mqttPath, level];
    if (context.report.isTouched(leasePath)) continue;
    context.report.problem(payloadPath, {
      message: 'found {lease_s} without a lease',
      allowed: 'lease: beside mqtt:',
    });
  }
  const target = readTarget(context, mqttPath, output, brokerNames);
  if (target === null) return null;
  return {
    name: String(path.at(-1)),
    ...target,
    payloads,
    safe,
    idle: readLevel(output.idle) ?? safe,
    onUnknown: output.on_unknown ?? null,
    maxOnMs: maxOnMs ?? null,
    leaseMs: leaseMs ?? null,
  };
}

function readTarget(
  context: Context,
  path: Path,
  output: OutputInput,
  brokerNames: readonly string[],
): Pick<OutputSpec, 'broker' | 'topic'> | null {
  const brokerPath = [...path, 'broker'];
  const value = output.mqtt?.broker;
  const broker = value === undefined ? embedded : readText(context, brokerPath, value);
  const known = [embedded, ...brokerNames];
  const isKnown = checkReference(context, brokerPath, { kind: 'broker', name: broker, known });
  if (output.mqtt?.topic === undefined) return null;
  const topicPath = [...path, 'topic'];
  const topic = readLine(context, topicPath, output.mqtt.topic);
  if (topic === null || !checkTopic(context, topicPath, topic)) return null;
  return isKnown ? { broker, topic } : null;
}

function readPayload(
  context: Context,
  path: Path,
  value: string | number | boolean | undefined,
  fallback: string,
): string {
  if (value === undefined) return fallback;
  const text = readText(context, path, value);
  if (text.length > configLimits.textCharsMax) {
    const allowed = `at most ${configLimits.textCharsMax} characters`;
    context.report.problem(path, { message: `found ${text.length} characters`, allowed });
  }
  return text;
}

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
