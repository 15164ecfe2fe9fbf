// Aim: why an alert did not ring is told by the rule as it was then, after a changed rule, a kill, a start and a new day,
// and the same whether Limen runs or not.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WhyReport } from '../../src/domain/why.ts';
import type { WhyNotClause, WhyNotReport } from '../../src/domain/why-not.ts';
import { ageHistory, eventually, install, type Installation } from './limen-process.ts';
import { on, openInbox, untilOnDisk } from './mqtt-inbox.ts';

const yaml = (limit: number): string => `
points: { oven/heat: { unit: °C }, door/count: { expect_every: 60s } }
rules:
  hot: # the oven
    points: oven/heat
    above: ${limit}
    severity: warning
    on_delay: 1m
  quick: { points: oven/heat, above: ${limit}, severity: warning, acknowledge: not_required }
  door: { points: door/count, above: 5, severity: warning }
`;

async function ask(
  limen: Installation,
  at: number,
  [rule, point]: readonly [string, string] = ['hot', 'oven/heat'],
): Promise<WhyNotReport> {
  return (await limen.json('why-not', rule, point, '--at', String(at))) as WhyNotReport;
}

/** What does not change by what comes after: a later config, or time that goes on. */
function lasting({ clauses, reason, fired, at }: WhyNotReport): unknown {
  const kept = clauses.filter(({ clause }: WhyNotClause) => clause !== 'rule');
  return { reason, fired, at, kept };
}

test('limen why-not and limen why tell of a rule as it was, over a changed rule, a kill, a start and a new day', async () => {
  const limen = install({ yaml: yaml(100) });
  let running = await limen.start();
  let inbox = await openInbox(running.url, 'limen/#');
  const send = async (value: string): Promise<void> => {
    await inbox.client.publishAsync('sensors/oven/heat', value, { qos: 1 });
  };
  await send('20');
  await send('120');
  await inbox.next('pending', on('limen/alerts/hot/oven/heat', { state: 'pending' }));
  await send('99.5');
  await inbox.next('cleared', on('limen/events/alert', { reason: 'cleared_in_delay' }));
  await inbox.client.publishAsync('sensors/door/count', 'ajar', { qos: 1 });
  const at = Date.now();
  const door = await eventually('the refused payload is stored', async () => {
    const found = await ask(limen, Date.now(), ['door', 'door/count']);
    return found.reason === 'rejected' ? found : null;
  });
  expect(door.clauses.find(({ clause }) => clause === 'rejected')).toMatchObject({
    count: 1,
    topic: 'sensors/door/count',
    reason: 'a word that no rule compares with',
  });
  const live = await ask(limen, at);
  expect(live).toMatchObject({ reason: 'on_delay', fired: false, replay: { agrees: true } });
  const delay = live.clauses.find(({ clause }) => clause === 'on_delay');
  expect(delay).toMatchObject({
    on_delay_ms: 60_000,
    end: 'cleared',
    began: { value: 120 },
    ended: { value: 99.5 },
  });
  const chain = (await limen.json('why', 'quick')) as WhyReport;
  expect(chain).toMatchObject({ id: 'quick/oven/heat/1', state: 'normal' });

  limen.configure(yaml(50));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('changed', on('limen/events/alert', { reason: 'rule_changed' }));
  await untilOnDisk(inbox.client);
  await running.kill();
  const killedAt = Date.now();
  ageHistory(limen.data);
  running = await limen.start();
  inbox = await openInbox(running.url, 'limen/#');
  await send('60');
  const days = readdirSync(join(limen.data, 'history')).filter((name) => name.endsWith('.db'));
  expect(days).toHaveLength(2);

  const later = await ask(limen, at);
  expect(lasting(later)).toEqual(lasting(live));
  expect(later.rules.map(({ text }) => /above: \d+/.exec(text ?? '')?.[0])).toEqual([
    'above: 100',
    'above: 50',
  ]);
  expect((await ask(limen, killedAt)).reason).toBe('running');
  expect(await ask(limen, Date.now())).toMatchObject({ reason: 'on_delay' });
  // The alert that was over before all that is explained as it was, too.
  expect(await limen.json('why', 'quick/oven/heat/1')).toEqual(chain);
  expect(chain.rules[0]?.text).toContain('above: 100');

  await running.stop();
  expect(await ask(limen, at)).toEqual({ ...later, replay: expect.anything() });
  const text = await limen.cli('why-not', 'hot', 'oven/heat', '--at', String(at));
  expect(text.out).toContain('It did not fire: breached for ');
  expect(text.out).toMatch(/→ on-delay +held +breached for .* of the 1m on-delay: began /);
  expect(text.out).toContain('99.5 °C was not above 100 °C (warning), 0.5 °C missing');
  expect(text.out).not.toContain('\u001B');
}, 120_000);

test('limen why-not says what is wrong with a question, and exits accordingly', async () => {
  const limen = install({ yaml: yaml(100) });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/oven/heat', '20', { qos: 1 });
  const why = (...argv: readonly string[]) => limen.cli('why-not', ...argv);
  const check = async (): Promise<void> => {
    const cases: readonly (readonly [number, string, readonly string[]])[] = [
      [2, 'lies in the future', ['hot', 'oven/heat', '--at', String(Date.now() + 60_000)]],
      [2, 'is not a time', ['hot', 'oven/heat', '--at', 'noon']],
      [2, "required option '--at <time>'", ['hot', 'oven/heat']],
      [1, 'did you mean "hot"?', ['hto', 'oven/heat', '--at', '0s ago']],
      [1, 'did you mean "oven/heat"?', ['hot', 'oven/haet', '--at', '0s ago']],
      [2, 'must be device/metric', ['hot', 'oven', '--at', '0s ago']],
      [
        1,
        'no history at 2001-01-01 03:10:00; it begins at 20',
        ['hot', 'oven/heat', '--at', '2001-01-01 03:10'],
      ],
    ];
    for (const [status, err, argv] of cases) {
      expect(await why(...argv)).toMatchObject({ status, err: expect.stringContaining(err) });
    }
  };
  await check();
  await running.stop();
  await check();
}, 120_000);
