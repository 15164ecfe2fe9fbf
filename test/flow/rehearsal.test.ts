// Aim: what `limen test` says of a rule is what the live program does: the same payloads, over MQTT and in virtual time,
// come to the same alert events and the same commands, over a kill too.
import { expect, test } from 'vitest';
import { formatProblem } from '../../src/config/text/problem.ts';
import { parseTestFile } from '../../src/config/tests/test-file.ts';
import { rehearse } from '../../src/rehearsal/rehearse.ts';
import { install } from './limen-process.ts';
import { on, openInbox, type Inbox } from './mqtt-inbox.ts';

const yaml = `
points:
  '*/temperature': { unit: °C, valid: [-60, 60] }
rules:
  warm:
    points: '*/temperature'
    above: { info: -20, warning: -18 °C, critical: 5 °F }
    deadband: 2
    then: [{ output: siren, while: unacknowledged }]
  open: { points: '*/door', equals: open, latch: true, then: [{ output: siren }] }
  end: { points: z/*, above: 0, severity: info }
  wet: { points: '*/leak', equals: true, unknown: raise, severity: critical }
outputs:
  siren: { mqtt: { topic: x/siren }, max_on: 1h }
`;

type Sent = readonly [topic: string, text: string];
const before: readonly Sent[] = [
  ['sensors/a/temperature', '-19'],
  ['sensors/a/temperature', '{"value": -1, "unit": "°F"}'],
  ['sensors/a', '{"temperature": -10, "door": "open", "leak": "off", "rssi": -60}'],
  ['sensors/a/temperature', '85'],
  ['limen/alerts/warm/a/temperature/ack', '{"by": "anna"}'],
  ['sensors/a/temperature', '{"value": '],
  ['sensors/a/temperature', '-19.5'],
  ['sensors/b/leak', 'null'],
  ['sensors/b/door', 'ajar'],
];
const after: readonly Sent[] = [
  ['sensors/a/door', 'closed'],
  ['limen/alerts/open/a/door/reset', ''],
  ['sensors/b/leak', 'false'],
  ['sensors/a/temperature', '-30'],
  ['sensors/a/temperature', '-1'],
];

/** When Limen starts again in the test. */
const startedAtMs = 55_000;

interface Happened {
  readonly events: readonly (readonly unknown[])[];
  readonly commands: readonly string[];
}

test(
  'limen test comes to the same events and commands as the live program',
  { timeout: 60_000 },
  async () => {
    const [live, tried] = await Promise.all([runLive(), tryOut()]);
    expect(live.events).toHaveLength(10);
    expect(tried).toEqual(live);
  },
);

async function runLive(): Promise<Happened> {
  const limen = install({ yaml });
  const happened: Happened[] = [];
  for (const [part, messages] of [before, after].entries()) {
    const running = await limen.start();
    const inbox = await openInbox(running.url, 'limen/events/alert', 'x/siren');
    // The last message tells that all those before it have been judged.
    for (const [topic, text] of [...messages, [`sensors/z/${part}`, '1'] as const]) {
      await inbox.client.publishAsync(topic, text, { qos: 1 });
    }
    await inbox.next('the end', on('limen/events/alert', { rule: 'end' }));
    happened.push(heardBy(inbox));
    await running.kill();
  }
  return join(happened);
}

function heardBy({ messages }: Inbox): Happened {
  const events = messages.flatMap(({ topic, json }) =>
    topic === 'limen/events/alert' && json['kind'] === 'transition' && json['rule'] !== 'end'
      ? [
          [
            `${String(json['rule'])}/${String(json['device'])}/${String(json['metric'])}`,
            json['from'],
            json['to'],
            json['reason'],
            json['severity'],
            json['value'],
          ],
        ]
      : [],
  );
  return {
    events,
    commands: messages.flatMap(({ topic, text }) => (topic === 'x/siren' ? [text] : [])),
  };
}

async function tryOut(): Promise<Happened> {
  const config = yaml.replaceAll(/^/gm, '  ');
  const step = ([topic, text]: Sent, index: number): string =>
    `{ at: ${index}s, payload: { topic: ${topic}, text: ${JSON.stringify(text)} } }`;
  const steps = [
    ...before.map(step),
    `{ at: ${startedAtMs / 1000 - 5}s, restart: { down: 5s } }`,
    ...after.map((sent, index) => step(sent, 60 + index)),
  ];
  const text = `config:\n${config}\ntests:\n  - name: the same\n    steps:\n${steps.map((line) => `      - ${line}\n`).join('')}    events: []
`;
  const loaded = await parseTestFile(text, '/nowhere/x.test.yaml');
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const [script] = loaded.file.tests;
  if (script === undefined) throw new Error('there is no test');
  const { events, timeline } = rehearse(loaded.file.config, script);
  return join([
    {
      events: events.map(({ alert, from, to, reason, severity, value }) => [
        alert,
        from,
        to,
        reason,
        severity,
        value,
      ]),
      commands: timeline.flatMap(({ kind, atMs, text: line }) =>
        // Over the start itself nobody has subscribed yet.
        kind === 'output' && atMs !== startedAtMs ? [line.split(' ')[1] ?? ''] : [],
      ),
    },
  ]);
}

// A command that repeats the level is no change.
function join(parts: readonly Happened[]): Happened {
  const levels = parts.flatMap(({ commands }) => commands);
  return {
    events: parts.flatMap(({ events }) => events),
    commands: levels.filter((level, index) => level !== (levels[index - 1] ?? 'off')),
  };
}
