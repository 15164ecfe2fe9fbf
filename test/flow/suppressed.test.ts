// Aim: outside its active_when an alert is kept from people and outputs in the whole program: on the topics, in the log,
// on the command line, over a kill -9 and over a reload that changes the hours.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually, install, type Installation } from './limen-process.ts';
import { on, openInbox } from './mqtt-inbox.ts';

const alert = 'limen/alerts/full/tank-1/level';
const key = 'full/tank-1/level';

function yamlFor({ folder }: Installation, activeWhen: string): string {
  const told = join(folder, 'told');
  const command = JSON.stringify(['sh', '-c', `cat >> '${told}'; echo >> '${told}'`]);
  return `
rules:
  full:
    points: tank-1/level
    above: 80
    acknowledge: not_required
    active_when: ${activeWhen}
    settle: 0s
    then: [{ output: pump }, { notify: kitchen }]
outputs:
  pump: { mqtt: { topic: pump/set } }
notifiers: { kitchen: { command: ${command} } }
`;
}

/** Why each notification was sent, in order. */
function toldOf({ folder }: Installation): string[] {
  const file = join(folder, 'told');
  if (!existsSync(file)) return [];
  return Array.from(
    readFileSync(file, 'utf8').matchAll(/"reason":"(\w+)"/g),
    ([, why]) => why ?? '',
  );
}

test.concurrent('an alert whose condition is not met is kept from people until it is, over a kill', async () => {
  const limen = install({ yaml: '' });
  limen.configure(yamlFor(limen, '{ points: tank-1/open, equals: false }'));
  const first = await limen.start();
  const before = await openInbox(first.url, 'limen/#', 'pump/set');
  await before.client.publishAsync('sensors/tank-1/open', 'true', { qos: 1 });
  await before.client.publishAsync('sensors/tank-1/level', '95', { qos: 1 });
  const event = await before.next('flag', on('limen/events/alert', { reason: 'suppressed' }));
  expect(event.json).toMatchObject({ kind: 'flag', suppressed_by: 'active_when' });
  await before.next('active', on(alert, { state: 'active', suppressed_by: 'active_when' }));
  await first.logged(`${key} is suppressed by active_when`);
  expect((await limen.cli('alerts')).out).toContain('active (suppressed by active_when)');
  expect(before.texts('pump/set')).not.toContain('on');
  await first.kill();

  const again = await limen.start();
  const after = await openInbox(again.url, 'limen/#', 'pump/set');
  const kept = await after.next('restored', on(alert));
  expect(kept.json).toMatchObject({ state: 'active', suppressed_by: 'active_when' });
  await after.client.publishAsync('sensors/tank-1/open', 'false', { qos: 1 });
  await after.next('end', on('limen/events/alert', { reason: 'unsuppressed', to: 'active' }));
  await after.next('pump on', ({ topic, text }) => topic === 'pump/set' && text === 'on');
  await eventually('told', () => toldOf(limen).length > 0);
  expect(toldOf(limen)).toEqual(['unsuppressed']);
  const why = (await limen.cli('why', key)).out;
  expect(why).toMatch(/normal → active: .*, not told: suppressed by active_when:/);
  expect(why).toContain('active: unsuppressed');
}, 60_000);

test.concurrent('a reload goes by its own hours at once', async () => {
  const limen = install({ yaml: '' });
  const today = new Date().getUTCDay();
  const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
  // Three and four days from now: no midnight in between makes a difference.
  const never = `{ days: [${days[(today + 3) % 7]}, ${days[(today + 4) % 7]}], zone: UTC }`;
  limen.configure(yamlFor(limen, never));
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/tank-1/level', '95', { qos: 1 });
  await inbox.next('active', on(alert, { state: 'active', suppressed_by: 'active_when' }));
  limen.configure(yamlFor(limen, `{ days: [${days.join(', ')}], zone: UTC }`));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('end', on(alert, { reason: 'unsuppressed', suppressed_by: null }));
  await eventually('told', () => toldOf(limen).length > 0);
  limen.configure(yamlFor(limen, never));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('again', on(alert, { reason: 'suppressed' }), inbox.messages.length);
  expect(toldOf(limen)).toEqual(['unsuppressed']);
}, 60_000);
