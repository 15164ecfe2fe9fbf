// Aim: a rule that can never judge its point, because of what the point turned out to be, is told; it must not look like
// one that is content.
import { expect, test } from 'vitest';
import { install } from './limen-process.ts';
import { connectRaw } from './raw-client.ts';

const yaml = (limit: string): string => `
rules:
  pressure:
    points: boiler/p
    above: ${limit}
    active_when: { points: door/state, equals: open }
    acknowledge_with: { point: panel/button, equals: pressed }
  high: { any: [{ points: boiler/p, above: ${limit} }] }
outputs:
  pump: { mqtt: { topic: boiler/pump/set }, max_on: 1h, only_while: { points: boiler/p, above: ${limit} } }
`;

test('what cannot be judged is in the log and in limen status, until the config says otherwise', async () => {
  const limen = install({ yaml: yaml('5 bar') });
  const running = await limen.start();
  const problemsIn = async (): Promise<unknown> => {
    const { problems } = (await limen.json('status')) as { problems: unknown };
    return problems;
  };
  const sensor = await connectRaw(running.port, 'sensor');
  expect(await problemsIn()).toEqual([]);

  sensor.publish('sensors/boiler/p', '{"value": 80, "unit": "°C"}');
  sensor.publish('sensors/boiler/p', '{"value": 81, "unit": "°C"}');
  sensor.publish('sensors/door/state', 'OPEN');
  sensor.publish('sensors/panel/button', 'PRESSED');
  await sensor.acknowledgements(4);
  const misfit = 'bar cannot be converted to °C';
  const told = [
    `rule "pressure" cannot judge boiler/p: ${misfit}`,
    `rule "high" cannot judge high/-: boiler/p: ${misfit}`,
    `only_while pump cannot be judged: boiler/p: ${misfit}`,
    'active_when of the rule "pressure" cannot be judged: door/state: it says "OPEN", and the rule "open"',
    'acknowledge_with of the rule "pressure" cannot be judged: panel/button: it says "PRESSED", and the rule "pressed"',
  ];
  expect(new Set((await problemsIn()) as string[])).toEqual(new Set(told));
  const { out } = await limen.cli('status');
  for (const problem of told) expect(out).toContain(problem);
  const logged = (): string[] =>
    running.log().flatMap(({ message }) => (told.includes(message) ? [message] : []));
  expect(logged().toSorted()).toEqual(told.toSorted());

  limen.configure(yaml('90 °C'));
  process.kill(running.pid, 'SIGHUP');
  await running.logged('config applied');
  expect(await problemsIn()).toEqual(told.slice(3));
});
