// Aim: a config that is saved goes into force by itself, however an editor saves it; one that cannot does nothing; and what
// it does not change goes on as if nothing had happened.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually, install, type LogLine } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';

const hot = 'limen/alerts/hot/oven/heat';
const rule = 'hot: { points: oven/heat, above: 100, on_delay: 4s, acknowledge: not_required }';
const damp = 'damp: { points: cellar/humidity, above: 80 }';
const yaml = (...rules: readonly string[]): string =>
  `rules:\n${rules.map((one) => `  ${one}\n`).join('')}`;

test('a saved config goes into force by itself, and a delay that runs keeps its end', async () => {
  const limen = install({ yaml: yaml(rule) });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  const lines = (text: string): LogLine[] =>
    running.log().filter(({ message }) => message.includes(text));
  const nth = (text: string, count: number): Promise<true> =>
    eventually(`${text} for the ${count}. time`, () => lines(text).length >= count);

  await inbox.client.publishAsync('sensors/oven/heat', '150', { qos: 1 });
  const pending = await inbox.next('pending', on(hot, { state: 'pending' }));

  // By renaming over it, as vim, sed -i and most tools do.
  const before = readFileSync(limen.config, 'utf8');
  const swap = `${limen.config}.new`;
  writeFileSync(swap, before.replace(rule, `${rule}\n  ${damp}`));
  renameSync(swap, limen.config);
  await nth('rules: 1 unchanged, 0 changed, 1 added, 0 removed', 1);
  const raised = await inbox.next('raised', on(hot, { state: 'active' }));
  expect(raised.json['raised_at']).toBe(pending.json['due_at']);
  const from = inbox.messages.length;

  // In place, with a mistake: told with its place, and nothing else happens.
  limen.configure(yaml(rule.replace('above', 'abov'), damp));
  await nth('config not applied; the old one stays in force', 1);
  expect(lines('unknown key "abov"')[0]?.message).toContain(`${limen.config}:7:`);

  // What needs a restart is refused as a whole.
  writeFileSync(
    limen.config,
    readFileSync(limen.config, 'utf8').replace('site: flow', 'site: b').replace('abov:', 'above:'),
  );
  await nth('config not applied; the old one stays in force', 2);
  expect(lines('config not applied').at(-1)?.['detail']).toContain(
    'A change of site needs a restart',
  );

  // Saved with the same content: nothing to do. Saved with another limit: judged anew, state kept.
  limen.configure(yaml(rule.replace('100', '90'), damp));
  await nth('rules: 1 unchanged, 1 changed, 0 added, 0 removed', 1);
  expect(lines('changed in judgement')[0]?.['rules']).toBe('hot');
  const changed = await inbox.next('changed', on(hot, { reason: 'rule_changed' }), from);
  expect(changed.json).toMatchObject({ state: 'active', id: raised.json['id'], limit: 90 });
  expect(lines('config applied')).toHaveLength(2);
  expect(await limen.json('alerts')).toMatchObject([{ id: raised.json['id'], state: 'active' }]);
}, 30_000);
