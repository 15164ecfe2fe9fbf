import { once } from 'node:events';
import { expect, test } from 'vitest';
import { alert, reading, tell } from '../http/fake-api.ts';
import { createSite } from './limen.ts';

const notRunning = {
  status: 1,
  out: '',
  err: 'limen: Limen is not running; start it with: limen run\n',
};

test.each([
  ['ack', 'freezer-warm'],
  ['reset', 'freezer-warm'],
  ['set', 'siren', 'off'],
  ['drill', 'freezer-warm'],
  ['watch', '--json'],
])('limen %s exits with 1 where Limen is not running', async (...argv) => {
  await using site = createSite();
  expect(await site.limen(argv)).toEqual(notRunning);
});

test('limen status prints the state for people and for programs, without colours', async () => {
  await using site = createSite();
  await site.start();
  const text = await site.limen(['status']);
  expect(text).toMatchObject({ status: 0, err: '' });
  expect(text.out).toContain('site greenhouse');
  expect(text.out).toContain('2 rejected from sensors/{device}: not JSON');
  expect(text.out).toContain('shed-damp matches no point yet');
  expect(text.out).not.toContain('\u001B');
  const json = await site.limen(['status', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({
    running: true,
    pid: 4711,
    outputs: [{ since: 1_763_900_000_500 }],
  });
});

test('limen alerts prints an aligned table, and all of them with --all', async () => {
  await using site = createSite();
  await site.start();
  expect(await site.limen(['alerts'])).toEqual({ status: 0, out: 'No open alerts\n', err: '' });
  site.api.alertsAnswer = [
    alert(),
    alert({ device: 'shed', state: 'returned', severity: 'info', message: 'odd\u001B[2J' }),
    alert({ device: 'cellar', state: 'normal' }),
  ];
  const { out } = await site.limen(['alerts']);
  expect(out).toBe(
    [
      'STATE     SEVERITY  ALERT                               VALUE    SINCE                MESSAGE',
      'active    critical  freezer-warm/freezer-1/temperature  -9.5 °C  2025-11-23 12:13:20  freezer-1 is at -9.5 °C',
      'returned  info      freezer-warm/shed/temperature       -9.5 °C  2025-11-23 12:13:20  odd\\u001b[2J',
      '',
    ].join('\n'),
  );
  const all = await site.limen(['alerts', '--all', '--json']);
  expect(JSON.parse(all.out)).toEqual(site.api.alertsAnswer);
});

test('limen ack sends the id of the alert that a key, a rule or a beginning names', async () => {
  await using site = createSite();
  await site.start();
  site.api.alertsAnswer = [alert(), alert({ device: 'freezer-2', state: 'normal', id: 'x/1' })];
  const id = 'freezer-warm/freezer-1/temperature/3';
  for (const wanted of [id, 'freezer-warm/freezer-1/temperature', 'freezer-warm', 'freez']) {
    const ended = await site.limen(['ack', wanted, '--by', 'anna', '--comment', 'door open']);
    expect(ended).toEqual({ status: 0, out: `acknowledged ${id}\n`, err: '' });
  }
  const act = {
    act: 'acknowledge',
    alert: { rule: 'freezer-warm', device: 'freezer-1', metric: 'temperature' },
    id,
    by: 'anna',
    comment: 'door open',
  };
  expect(site.api.acts).toEqual([act, act, act, act]);
});

test('limen ack keeps the number of an occurrence that is over, so that Limen can refuse it', async () => {
  await using site = createSite();
  await site.start();
  site.api.alertsAnswer = [alert()];
  site.api.actAnswer = { result: 'refused', reason: 'occurrence 2 is over' };
  const ended = await site.limen(['ack', 'freezer-warm/freezer-1/temperature/2']);
  expect(ended).toEqual({
    status: 1,
    out: '',
    err: 'limen: refused for freezer-warm/freezer-1/temperature/2: occurrence 2 is over\n',
  });
  expect(site.api.acts[0]?.id).toBe('freezer-warm/freezer-1/temperature/2');
});

test('limen ack names the alerts to choose from', async () => {
  await using site = createSite();
  await site.start();
  site.api.alertsAnswer = [alert(), alert({ device: 'freezer-2' })];
  const several = await site.limen(['ack', 'freezer-warm']);
  expect(several.status).toBe(2);
  expect(several.err).toContain('\n  freezer-warm/freezer-2/temperature\n');
  const none = await site.limen(['ack', 'cellar']);
  expect(none.status).toBe(1);
  expect(none.err).toContain('\n  freezer-warm/freezer-1/temperature\n');
  site.api.alertsAnswer = [alert({ rule: 'cold' })];
  const nobody = await site.limen(['ack', 'cold', '--by', '']);
  expect(nobody).toEqual({ status: 2, out: '', err: 'limen: --by must not be empty\n' });
  expect(site.api.acts).toEqual([]);
});

test('limen ack of what is there but normal says so, and means no other rule by it', async () => {
  await using site = createSite();
  await site.start();
  const refusal = async (...argv: readonly string[]): Promise<string> => {
    const { status, err } = await site.limen(argv);
    return `${status} ${err}`;
  };
  const normal = alert({ state: 'normal' });
  const key = 'freezer-warm/freezer-1/temperature';
  site.api.alertsAnswer = [normal, alert({ rule: 'freezer-warmer' })];
  expect(await refusal('ack', 'freezer-warm')).toBe(
    `1 limen: ${key} is normal: there is nothing to acknowledge; to silence what may come: ` +
      `limen shelve ${key} --for 2h\n`,
  );
  expect(await refusal('reset', 'freezer-warm')).toBe(
    `1 limen: ${key} is normal: there is nothing to reset\n`,
  );
  site.api.alertsAnswer = [normal, alert({ state: 'normal', device: 'freezer-2' })];
  expect(await refusal('ack', 'freezer-warm')).toBe(
    `1 limen: All alerts that "freezer-warm" fits are normal: there is nothing to acknowledge:\n  ${key}\n` +
      '  freezer-warm/freezer-2/temperature\n',
  );
  expect(await refusal('ack', 'frezer-warm')).toBe(
    '1 limen: There is no alert "frezer-warm"; did you mean "freezer-warm"?\n',
  );
  expect(await refusal('ack', 'cellar')).toBe(
    '1 limen: There is no alert "cellar"; none is open\n',
  );
  site.api.alertsAnswer = [alert({ rule: 'shed-damper' })];
  expect(await refusal('ack', 'shed-damp')).toBe(
    '1 limen: The rule "shed-damp" matches no point yet, so it has no alert\n',
  );
  expect(site.api.acts).toEqual([]);
});

test('limen reset sends a reset signed with the name of the user', async () => {
  await using site = createSite();
  await site.start();
  site.api.alertsAnswer = [alert()];
  const ended = await site.limen(['reset', 'freezer-warm', '--json']);
  expect(ended.status).toBe(0);
  expect(JSON.parse(ended.out)).toMatchObject({ act: 'reset', result: 'done' });
  expect(site.api.acts[0]).toMatchObject({ act: 'reset', comment: null });
  expect(site.api.acts[0]?.by).not.toBe('');
});

test('limen set holds an output by hand, and limen reset means an output of that name', async () => {
  await using site = createSite();
  await site.start();
  const run = async (...argv: readonly string[]): Promise<string> => {
    const { status, out, err } = await site.limen([...argv, '--by', 'anna']);
    return status === 0 ? out : `${status} ${err}`;
  };
  expect(await run('set', 'siren', 'off', '--for', '10m', '-m', 'testing')).toBe(
    'siren held off\n',
  );
  expect(await run('set', 'siren', 'auto')).toBe('siren left to the alerts\n');
  expect(await run('reset', 'siren')).toBe('siren reset\n');
  const rest = { output: 'siren', by: 'anna', comment: null, sentAt: null, order: null };
  expect(site.api.commands).toEqual([
    { ...rest, act: 'set', value: 'off', holdMs: 600_000, comment: 'testing' },
    { ...rest, act: 'set', value: 'auto', holdMs: 3_600_000 },
    { ...rest, act: 'reset' },
  ]);
  expect(site.api.acts).toEqual([]);
  expect(await run('set', 'sirene', 'on')).toBe('1 limen: No output "sirene"; there is siren\n');
  expect(await run('set', 'siren', 'loud')).toContain('2 limen: ');
  expect(await run('set', 'siren', 'on', '--for', '8d')).toContain('at most 7d');
  site.api.actAnswer = { result: 'refused', reason: 'it is tripped' };
  expect(await run('set', 'siren', 'on')).toBe('1 limen: refused for siren: it is tripped\n');
});

test('limen shelve, unshelve and service send what their options say, also of a normal alert', async () => {
  await using site = createSite();
  await site.start();
  const normal = alert({ state: 'normal' });
  const id = 'freezer-warm/freezer-1/temperature/3';
  const run = async (...argv: readonly string[]): Promise<string> => {
    const ended = await site.limen([...argv, '--by', 'anna']);
    return ended.status === 0 ? ended.out : `${ended.status} ${ended.err}`;
  };
  site.api.alertsAnswer = [normal];
  expect(await run('shelve', 'freezer-warm', '--for', '2h', '-m', 'defrosting')).toBe(
    `shelved ${id}\n`,
  );
  expect(await run('shelve', id, '--one-shot')).toBe(`shelved ${id}\n`);
  expect(await run('service', 'freezer', 'out')).toBe(`out of service: ${id}\n`);
  site.api.alertsAnswer = [alert({ shelved_until: 9, out_of_service: true })];
  expect(await run('unshelve', 'freezer-warm')).toBe(`unshelved ${id}\n`);
  expect(await run('service', 'freezer-warm', 'in')).toBe(`in service again: ${id}\n`);
  const target = {
    alert: { rule: 'freezer-warm', device: 'freezer-1', metric: 'temperature' },
    id,
    by: 'anna',
    comment: null,
  };
  expect(site.api.acts).toEqual([
    { ...target, act: 'shelve', forMs: 7_200_000, comment: 'defrosting' },
    { ...target, act: 'shelve', forMs: null },
    { ...target, act: 'service', in: false },
    { ...target, act: 'unshelve' },
    { ...target, act: 'service', in: true },
  ]);
});

test('limen shelve and service exit with 2 on what they cannot mean, and unshelve names what is shelved', async () => {
  await using site = createSite();
  await site.start();
  site.api.alertsAnswer = [alert(), alert({ device: 'freezer-2', shelved_until: 9 })];
  for (const argv of [
    ['shelve', 'freezer-warm'],
    ['shelve', 'freezer-warm', '--for', '2'],
    ['shelve', 'freezer-warm', '--for', '2h', '--one-shot'],
    ['service', 'freezer-warm'],
    ['service', 'freezer-warm', 'maybe'],
    ['shelve', 'freezer-warm', '--for', '2h'],
  ])
    expect((await site.limen(argv)).status).toBe(2);
  const none = await site.limen(['unshelve', 'cellar']);
  expect(none.status).toBe(1);
  expect(none.err).toContain('these are shelved:\n  freezer-warm/freezer-2/temperature\n');
  const shelved = await site.limen(['unshelve', 'freezer-warm/freezer-1']);
  expect(shelved.err).toContain('freezer-warm/freezer-1/temperature is not shelved');
  const out = await site.limen(['service', 'freezer-warm', 'in']);
  expect(out.err).toContain(
    'fits are in service: there is nothing to put back:\n  freezer-warm/freezer-1/temperature\n',
  );
  const wrong = await site.limen(['shelve', 'freezer-warm', '--for', '2']);
  expect(wrong.err).toBe(
    'limen: --for must be a duration such as 30s, 5m or 2h, and longer than 0\n',
  );
  expect(site.api.acts).toEqual([]);
});

test('limen alerts shows what is shelved or out of service', async () => {
  await using site = createSite();
  await site.start();
  site.api.alertsAnswer = [
    alert({ shelved_until: 1_763_900_000_000, latched: true }),
    alert({ device: 'shed', out_of_service: true }),
  ];
  const { out } = await site.limen(['alerts']);
  expect(out).toContain('active (latched, shelved until 2025-11-23 12:13:20)');
  expect(out).toContain('active (out of service)');
});

test('limen readings --json prints the keys of the contract in order', async () => {
  await using site = createSite();
  await site.start();
  const { seq, quality, ...rest } = reading(1, { value: true, unit: null });
  site.api.readingBatches = [
    [{ quality, ...rest, seq }],
    [reading(2, { value: null, quality: 'bad' })],
  ];
  const ended = await site.limen(['readings', '--json']);
  expect(ended).toEqual({
    status: 0,
    err: '',
    out:
      '{"seq":1,"at_ms":1763900000001,"device":"freezer-1","metric":"temperature","value":true,"unit":null,"quality":"good"}\n' +
      '{"seq":2,"at_ms":1763900000002,"device":"freezer-1","metric":"temperature","value":null,"unit":"°C","quality":"bad"}\n',
  });
});

test('limen readings hands point and times over, and --count prints the number alone', async () => {
  await using site = createSite();
  await site.start();
  site.api.readingBatches = [[reading(1), reading(2)]];
  const point = 'freezer-1/temperature';
  const range = ['--from', '2026-11-23T07:00Z', '--to', '1795420800000'];
  const ended = await site.limen(['readings', '--point', point, ...range, '--count']);
  expect(ended).toEqual({ status: 0, out: '2\n', err: '' });
  expect(site.api.queries).toEqual([
    { point, fromMs: Date.UTC(2026, 10, 23, 7), toMs: 1_795_420_800_000 },
  ]);
});

test.each([
  ['--from', 'yesterday'],
  ['--to', '2026-13-01'],
  ['--point', 'temperature'],
])('limen readings %s %s exits with 2', async (...argv) => {
  await using site = createSite();
  await site.start();
  const { status, err } = await site.limen(['readings', ...argv]);
  expect(status).toBe(2);
  expect(err).toContain(argv[1]);
});

test('limen readings --quarantined prints the payloads that could not be read', async () => {
  await using site = createSite();
  await site.start();
  const { out } = await site.limen(['readings', '--quarantined']);
  expect(out).toContain('sensors/odd  not JSON  {{');
  const json = await site.limen(['readings', '--quarantined', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ topic: 'sensors/odd', count: 3 });
});

test('limen readings ends quietly when its reader has enough', async () => {
  await using site = createSite();
  await site.start();
  const batch = Array.from({ length: 5_000 }, (_, index) => reading(index));
  site.api.readingBatches = Array.from({ length: 50 }, () => batch);
  const child = site.spawn(['readings', '--json']);
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [status] = await once(child, 'close');
  expect({ status, err }).toEqual({ status: 0, err: '' });
});

test('limen readings fails when the stream breaks in the middle', async () => {
  await using site = createSite();
  await site.start();
  site.api.readingBatches = [[reading(1)]];
  site.api.readingsFailure = new Error('disk gone');
  const { status, err } = await site.limen(['readings', '--json']);
  expect(status).toBe(1);
  expect(err).toContain('connection to Limen was lost');
});

test('limen watch prints live lines and ends with 0 at SIGINT', async () => {
  await using site = createSite();
  await site.start();
  const child = site.spawn(['watch']);
  child.stdout.setEncoding('utf8');
  await tell(site.api, { kind: 'alert', alert: alert(), from: 'pending', to: 'active' });
  const [text] = await once(child.stdout, 'data');
  expect(text).toBe(
    '12:13:20  critical  freezer-warm/freezer-1/temperature  pending → active  freezer-1 is at -9.5 °C\n',
  );
  const escalated = alert({ reason: 'escalated' });
  await tell(site.api, { kind: 'alert', alert: escalated, from: 'active', to: 'active' });
  expect((await once(child.stdout, 'data'))[0]).toContain('/temperature  escalated  freezer-1 is');
  child.kill('SIGINT');
  const [status] = await once(child, 'close');
  expect(status).toBe(0);
});

test('limen watch --alerts --json leaves the readings out', async () => {
  await using site = createSite();
  await site.start();
  const child = site.spawn(['watch', '--alerts', '--json']);
  child.stdout.setEncoding('utf8');
  await tell(site.api, { kind: 'reading', reading: reading(1) });
  await tell(site.api, { kind: 'alert', alert: alert(), from: 'pending', to: 'active' });
  const [text] = await once(child.stdout, 'data');
  expect(JSON.parse(text)).toMatchObject({ kind: 'alert', to: 'active' });
  child.kill('SIGINT');
  await once(child, 'close');
});

test('limen drill prints each step and exits with 1 if one failed', async () => {
  await using site = createSite();
  await site.start();
  const ended = await site.limen(['drill', 'freezer-warm']);
  expect(ended).toEqual({
    status: 1,
    err: '',
    out: 'ok           3 ms  raise a marked alert  published\nfailed      12 ms  notify kitchen  HTTP 500\n',
  });
  const unknown = await site.limen(['drill', 'nothing']);
  expect(unknown).toEqual({ status: 1, out: '', err: 'limen: No rule "nothing"\n' });
});

test('limen user adds, lists and removes through a running Limen', async () => {
  await using site = createSite();
  await site.start();
  const added = await site.limen(['user', 'add', 'greenhouse'], 'secret\r\nrest');
  expect(added).toEqual({ status: 0, out: 'user greenhouse is set\n', err: '' });
  expect(site.api.passwords.get('greenhouse')).toBe('secret');

  const made = await site.limen(['user', 'add', 'shed', '--generate']);
  expect(made.out).toMatch(/^[a-z2-9]{20}\n$/);
  expect(site.api.passwords.get('shed')).toBe(made.out.trim());

  expect(await site.limen(['user', 'list'])).toMatchObject({ out: 'greenhouse\nshed\n' });
  expect(await site.limen(['user', 'remove', 'shed'])).toMatchObject({ status: 0 });
  const again = await site.limen(['user', 'remove', 'shed']);
  expect(again).toEqual({ status: 1, out: '', err: 'limen: No user "shed"\n' });
});

test('limen user add refuses an empty password', async () => {
  await using site = createSite();
  await site.start();
  const { status, err } = await site.limen(['user', 'add', 'greenhouse'], '');
  expect(status).toBe(2);
  expect(err).toContain('1 to 1024 bytes');
});
