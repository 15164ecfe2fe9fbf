// Aim: an alert explains itself from its raw bytes to the delivery, whatever happened in between: a changed rule, a
// kill, a restart, a new day. What is told is the same whether Limen runs or not.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { report, why } from '../../src/app-history.ts';
import { recordHistory } from '../rehearsal/recorded-history.ts';
import { startWebServer, status } from '../consumers/notifiers/web-server.ts';
import type { HygieneReport } from '../../src/domain/hygiene.ts';
import type { WhyReport, WhyStep } from '../../src/domain/why.ts';
import { ageHistory, eventually, install, type Installation } from './limen-process.ts';
import { on, openInbox, untilOnDisk } from './mqtt-inbox.ts';

const key = 'hot/oven/heat';
const topic = `limen/alerts/${key}`;

/** What a line of the chain is, without its times. */
function summary(step: WhyStep): string {
  switch (step.kind) {
    case 'alert':
      return `${step.from}-${step.to} ${step.reason} ${step.verdict.severity}`;
    case 'act':
      return `${step.act} ${step.by} ${step.comment ?? ''} ${step.result ?? ''}`;
    case 'output':
      return `${step.output} ${step.commanded} ${step.reason}`;
    case 'notification':
      return `${step.notifier} ${step.edge ?? ''} ${step.result}`;
    case 'limen':
      return `${step.what}${step.changes_rule === true ? ' changed' : ''}`;
  }
}

async function askWhy(limen: Installation, wanted: string): Promise<WhyReport> {
  return (await limen.json('why', wanted)) as WhyReport;
}

test('limen why tells the end of chattering, also of an alert that has been normal since', async () => {
  const history = recordHistory(`
points: { oven/heat: { unit: °C } }
rules:
  hot: { points: oven/heat, above: 100, acknowledge: not_required, then: [{ notify: kitchen }] }
notifiers: { kitchen: { command: [tell, kitchen] } }
`);
  for (let time = 0; time < 3; time += 1) {
    await history.goTo(time * 20);
    history.send('oven/heat', '120');
    await history.goTo(time * 20 + 10);
    history.send('oven/heat', '20');
  }
  await history.goTo(400);
  history.stop();
  const chain = why(history.directory, key, () => undefined);
  expect(chain).toMatchObject({ id: `${key}/3`, state: 'normal', duration_ms: 10_000 });
  expect(chain.steps.filter(({ kind }) => kind === 'alert')).toMatchObject([
    { reason: 'breached' },
    { reason: 'chattering' },
    { reason: 'off_delay_over', to: 'normal' },
    { reason: 'chatter_over', at: history.wallMs(340) },
  ]);
  expect(chain.steps.filter(({ kind }) => kind === 'notification')).toHaveLength(2);
});

test('limen why tells the whole chain over a changed rule, a kill, a restart and a new day', async () => {
  await using server = await startWebServer(status(200));
  const rule = (warning: number): string => `
  hot: # the oven
    points: oven/heat
    above: { warning: ${warning}, critical: 150 }
    deadband: 5
    on_delay: { warning: 500ms, critical: 0s }
    off_delay: 300ms
    then:
      - { output: siren, while: raised }
      - { notify: kitchen, on: [active, escalated, normal] }
`;
  const yaml = (warning: number): string => `
points: { oven/heat: { unit: °C } }
rules:${rule(warning)}
outputs: { siren: { mqtt: { topic: siren/set, on: 'ON', off: 'OFF' }, max_on: 1h } }
notifiers: { kitchen: { webhook: { url: '${server.url}' } } }
`;
  const limen = install({ yaml: yaml(100) });
  let running = await limen.start();
  let inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/oven/heat', '{"value": 120.5}', { qos: 1 });
  // The end of the delay rests on the last reading before it.
  await inbox.client.publishAsync('sensors/oven/heat', '121', { qos: 1 });
  await inbox.next('raised', on(topic, { state: 'active' }));
  await server.received(1);
  const early = await askWhy(limen, key);
  expect(early).toMatchObject({ id: `${key}/1`, state: 'active', duration_ms: null });

  limen.configure(yaml(90));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('changed', on('limen/events/alert', { reason: 'rule_changed' }));
  await untilOnDisk(inbox.client);
  await running.kill();
  ageHistory(limen.data);

  running = await limen.start();
  inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/oven/heat', '160', { qos: 1 });
  await inbox.next('escalated', on('limen/events/alert', { reason: 'escalated' }));
  await limen.cli('ack', key, '--by', 'anna', '--comment', 'door was open');
  await inbox.client.publishAsync('sensors/oven/heat', '20', { qos: 1 });
  await inbox.next('over', on(topic, { state: 'normal' }));
  await server.received(3);

  const why = await eventually('the last notification is recorded', async () => {
    const found = await askWhy(limen, `${key}/1`);
    return found.steps.some((step) => step.kind === 'notification' && step.result === 'waiting')
      ? null
      : found;
  });
  expect(
    readdirSync(join(limen.data, 'history')).filter((name) => name.endsWith('.db')),
  ).toHaveLength(2);
  expect(why.steps.map(summary).filter((line) => !line.includes(' condition '))).toEqual([
    'normal-pending breached warning',
    'pending-active on_delay_over warning',
    'siren on claim',
    'kitchen active delivered',
    'config changed',
    'active-active rule_changed warning',
    'config',
    'started',
    'siren off start',
    'siren on claim',
    'active-active escalated critical',
    'kitchen escalated delivered',
    'acknowledge anna door was open done',
    'active-acknowledged acknowledged critical',
    'acknowledged-normal off_delay_over critical',
    'siren off idle',
    'kitchen normal delivered',
  ]);
  expect(why.began).toMatchObject({
    value: 120.5,
    unit: '°C',
    quality: 'good',
    topic: 'sensors/oven/heat',
    payload: '{"value": 120.5}',
  });
  expect(why.verdict).toMatchObject({
    value: 121,
    limit: 100,
    severity: 'warning',
    off_delay_ms: 300,
    levels: [
      { severity: 'warning', limit: 100, clear_limit: 95, on_delay_ms: 500, breached: true },
      { severity: 'critical', limit: 150, clear_limit: 145, on_delay_ms: 0, breached: false },
    ],
  });
  const { delay } = why;
  expect(delay?.due_at).toBe((delay?.pending_at ?? 0) + 500);
  expect(delay?.active_at).toBe(delay?.due_at);
  const raise = why.steps.find((step) => step.kind === 'alert' && step.to === 'active');
  expect(raise).toMatchObject({ readings: [{ value: 120.5 }, { value: 121, payload: '121' }] });
  expect(why.rules.map(({ line, text }) => [line, text])).toEqual([
    [9, rule(100).trimEnd().slice(1)],
    [9, rule(90).trimEnd().slice(1)],
  ]);
  const told = why.steps.filter((step) => step.kind === 'notification');
  expect(told.every(({ attempts, latency_ms: ms }) => attempts === 1 && (ms ?? -1) >= 0)).toBe(
    true,
  );

  // The same by the number of any event, command or notification; and from the files alone.
  const rows = ['alert', 'output', 'notification'].map(
    (kind) => why.steps.findLast((step) => step.kind === kind)?.seq ?? 0,
  );
  for (const seq of rows) expect(await askWhy(limen, String(seq))).toEqual(why);
  await running.stop();
  expect(await askWhy(limen, key)).toEqual(why);
  const text = await limen.cli('why', 'hot');
  expect(text.out).toContain('sensors/oven/heat: {"value": 120.5}');
  expect(text.out).toContain('above 100 °C, clears at 95 °C, on-delay 500ms: breached');
  expect(text.out).not.toContain('\u001B');
}, 60_000);

test('limen why names the config that raised an alert, over restarts too', async () => {
  const yaml = (limit: number): string => `
points: { oven/heat: { unit: °C } }
rules: { hot: { points: oven/heat, above: ${limit}, acknowledge: not_required } }
`;
  const limen = install({ yaml: yaml(100) });
  let running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/oven/heat', '95', { qos: 1 });
  await inbox.next('heard', on('limen/alerts/hot/oven/heat', { state: 'normal', value: 95 }));
  limen.configure(yaml(90));
  process.kill(running.pid, 'SIGHUP');
  await inbox.next('raised', on(topic, { state: 'active' }));
  const check = async (): Promise<void> => {
    const chain = await askWhy(limen, `${key}/1`);
    const cause = { kind: 'config', text: 'config applied' };
    expect(chain).toMatchObject({ began: null, began_by: cause });
    expect(chain.began_by?.seq).toBe(chain.rules[0]?.seq);
    expect(chain.steps[0]).toMatchObject({ readings: [], causes: [cause] });
    const { out } = await limen.cli('why', 'hot');
    expect(out).toMatch(/^Began {5}\S+ \S+, row \d+\n {10}config applied\n/m);
    expect(out).toMatch(/^ +row \d+: config applied$/m);
  };
  await check();
  await running.stop();
  await check();
  ageHistory(limen.data);
  running = await limen.start();
  await check();
  await running.stop();
}, 30_000);

test('limen why names the start and the schedule that caused an event', async () => {
  const history = recordHistory(`
points: { oven/heat: { unit: °C } }
rules:
  hot:
    points: oven/heat
    above: 100
    active_when: { from: '00:00', to: '08:10', zone: UTC }
`);
  await history.goTo(10);
  history.send('oven/heat', '120');
  await history.goTo(700);
  history.stop();
  await history.goTo(1_000);
  history.start();
  await history.goTo(1_010);
  history.stop();
  const causesOf = (wanted: string): unknown[] =>
    why(history.directory, wanted, () => undefined).steps.flatMap((step) =>
      step.kind === 'alert' ? step.causes.map(({ text }) => text) : [],
    );
  expect(causesOf('hot')).toEqual([
    'schedule mon,tue,wed,thu,fri,sat,sun 00:00-08:10 UTC is closed',
  ]);
  const start = 'Limen started after 5 min';
  expect(causesOf('limen.was_down')).toEqual([start, start]);
  expect(why(history.directory, 'limen.was_down', () => undefined).began_by).toMatchObject({
    kind: 'started',
    text: start,
  });
});

test('limen why says what to type where there is no such alert, and why a row is of none', async () => {
  const limen = install({
    yaml: 'rules: { hot: { points: oven/*, above: 100, severity: warning } }\n',
  });
  const running = await limen.start();
  expect(await limen.cli('why', 'hot')).toMatchObject({
    status: 1,
    err: 'limen: No alert "hot" ever rang; nothing has rung yet\n',
  });
  const inbox = await openInbox(running.url, 'limen/#');
  await inbox.client.publishAsync('sensors/oven/heat', '120', { qos: 1 });
  await inbox.next('raised', on(topic, { state: 'active' }));
  await inbox.client.publishAsync('sensors/oven/fat', '120', { qos: 1 });
  await inbox.next('raised', on('limen/alerts/hot/oven/fat', { state: 'active' }));
  const check = async (): Promise<void> => {
    expect(await limen.cli('why', 'cold')).toMatchObject({
      status: 1,
      err: expect.stringContaining('\n  limen why hot/oven/heat\n'),
    });
    expect(await limen.cli('why', 'hot')).toMatchObject({
      status: 2,
      err: expect.stringContaining('"hot" fits several alerts:\n  limen why hot/oven/fat\n'),
    });
    expect(await limen.cli('why', '1')).toMatchObject({
      status: 1,
      err: expect.stringContaining('Row 1 is of no alert: it is of kind config'),
    });
    expect(await limen.cli('why', `${key}/7`)).toMatchObject({
      status: 1,
      err: expect.stringContaining(`There is no occurrence "${key}/7"`),
    });
  };
  await check();
  await running.stop();
  await check();
}, 30_000);

test('limen report finds what rings too often, the same whether Limen runs or not', async () => {
  const limen = install({
    yaml: `
points: { oven/*: { unit: °C } }
rules:
  hot: { points: oven/*, above: 100, severity: warning, acknowledge: not_required }
`,
  });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  const send = async (metric: string, value: string): Promise<void> => {
    await inbox.client.publishAsync(`sensors/oven/${metric}`, value, { qos: 1 });
  };
  for (let round = 0; round < 6; round++) {
    await send('heat', '120');
    await send('heat', '20');
  }
  await send('steam', '120');
  await inbox.next('open', on('limen/alerts/hot/oven/steam', { state: 'active' }));
  const to = String(Date.now());
  const found = (await limen.json('report', '--from', '1h', '--to', to)) as HygieneReport;
  expect(found).toMatchObject({
    announced: 7,
    per_10_minutes: { mean: 7, target: 1 },
    chattering: 4,
    fleeting: 6,
    stale: 0,
    acknowledgement: { acknowledged: 0, ended: 6, never_acknowledged: 6 },
    standing: [{ alert: 'hot/oven/steam', state: 'active' }],
  });
  expect(found.offenders.map(({ alert, count }) => [alert, count])).toEqual([
    ['hot/oven/heat', 6],
    ['hot/oven/steam', 1],
  ]);
  const chattering = found.findings.find(({ finding }) => finding === 'chattering');
  expect(chattering).toMatchObject({ alert: 'hot/oven/heat' });
  expect(chattering?.suggestion).toContain('an off_delay of 5s would have joined 5 of 6');
  await running.stop();
  const { from } = found;
  expect(await limen.json('report', '--from', String(from), '--to', to)).toEqual(found);
  const shown = await limen.cli('report');
  expect(shown).toMatchObject({ status: 0, err: '' });
  expect(shown.out).toMatch(/^per 10 minutes, mean +7\.00 +≤ 1 +too much$/m);
  expect(shown.out).toContain('  → an on_delay of 5s would have spared 6 of 6');
  expect(await limen.cli('report', '--from', '1h', '--to', '2h')).toMatchObject({ status: 2 });
}, 30_000);

test('limen report finds what somebody shelves again and again', async () => {
  const history = recordHistory(`
points: { oven/heat: { unit: °C } }
rules: { hot: { points: oven/heat, above: 100, severity: warning } }
`);
  history.send('oven/heat', '20');
  for (const at of [0, 320, 640]) {
    await history.goTo(at);
    const alert = { rule: 'hot', device: 'oven', metric: 'heat' };
    history.act({ act: 'shelve', alert, forMs: 300_000 });
  }
  await history.goTo(1_000);
  history.stop();
  const range = { fromMs: history.wallMs(0), toMs: history.wallMs(1_000) };
  expect(report(history.directory, range, () => undefined)).toMatchObject({
    announced: 0,
    always_shelved: 1,
    findings: [
      {
        finding: 'always_shelved',
        alert: key,
        what: 'shelved 3 times, 90 % of the time since the first',
      },
    ],
  });
});

test('limen why shows every member of a compound rule with its value, and the bytes of the last ones', async () => {
  const limen = install({
    yaml: `
points: { cold-1/temperature: { unit: °C } }
rules:
  lost:
    all:
      - { points: cold-1/temperature, above: 8, deadband: 1 }
      - any: [{ points: door/state, equals: closed }]
    about: cold room
    on_delay: 300ms
  flow:
    expression: pump && flow < 2
    inputs: { pump: sump/pump, flow: sump/flow }
`,
  });
  const running = await limen.start();
  const inbox = await openInbox(running.url, 'limen/#');
  const send = (topicOf: string, payload: string): Promise<unknown> =>
    inbox.client.publishAsync(`sensors/${topicOf}`, payload, { qos: 1 });
  await send('door/state', 'closed');
  await send('cold-1/temperature', '9.1');
  await send('cold-1/temperature', '9.3');
  await inbox.next('raised', on('limen/alerts/lost/cold room/-', { state: 'active' }));
  await send('sump/flow', '1.5');
  await send('sump/pump', 'on');
  await inbox.next('raised', on('limen/alerts/flow/flow/-', { state: 'active', value: true }));
  const check = async (): Promise<void> => {
    const why = await askWhy(limen, 'lost');
    expect(why).toMatchObject({
      id: 'lost/cold room/-/1',
      began: { value: 9.1, metric: 'temperature', payload: '9.1' },
      verdict: { condition: 'breached', value: 2, limit: 2, members: { length: 3 } },
    });
    expect(why.steps.findLast(({ kind }) => kind === 'alert')).toMatchObject({
      reason: 'on_delay_over',
      readings: [{ value: 9.1 }, { value: 'closed' }, { value: 9.3, payload: '9.3' }],
    });
    const { out } = await limen.cli('why', 'lost');
    expect(out).toContain(`cold-1/temperature is at 9.3 °C and door/state is closed`);
    for (const line of [
      'warning: all 2, on-delay 300ms: breached',
      '  cold-1/temperature 9.3 °C, above 8 °C, clears at 7 °C: breached',
      '  any: 1 breached, needed 1: breached',
      '    door/state closed, equals closed: breached',
    ])
      expect(out).toContain(`          ${line}\n`);
    const flow = await limen.cli('why', 'flow/flow/-');
    expect(flow.out).toContain(
      '            pump = sump/pump true\n            flow = sump/flow 1.5\n',
    );
  };
  await check();
  await running.stop();
  await check();
}, 30_000);
