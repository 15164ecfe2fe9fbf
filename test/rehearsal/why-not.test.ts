// Aim: each clause that can keep an alert from firing is named, from what the true journal holds. A Limen in virtual time
// writes real files; they are asked as after its end.
import { describe, expect, test } from 'vitest';
import { whyNot } from '../../src/app-why-not.ts';
import type { WhyNotClause, WhyNotClauseName, WhyNotReport } from '../../src/domain/why-not.ts';
import { formatLocalTime } from '../../src/host/local-time.ts';
import { recordHistory, type RecordedHistory } from './recorded-history.ts';

const key = { rule: 'warm', device: 'box', metric: 't' };

function yaml(rule: string, more = ''): string {
  return `
points: { box/t: { unit: °C, valid: [-60, 60], expect_every: 60s } }
rules:
  warm: { points: box/t, severity: warning, ${rule} }
${more}`;
}

interface Asked extends WhyNotReport {
  clause<Name extends WhyNotClauseName>(name: Name): Extract<WhyNotClause, { clause: Name }>;
}

function ask(
  history: RecordedHistory,
  atSeconds: number,
  { rule = 'warm', point = 'box/t' } = {},
): Asked {
  const found = whyNot(
    history.directory,
    { rule, point, atMs: history.wallMs(atSeconds) },
    { nowMs: history.wallMs(1_000_000), isRunning: false },
    (message) => {
      throw new Error(message);
    },
  );
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  return {
    ...found,
    clause(name) {
      const clause = found.clauses.find((one) => one.clause === name);
      return clause as Extract<WhyNotClause, { clause: typeof name }>;
    },
  };
}

/** Sends one value every so often, from one second up to another. */
async function send(
  history: RecordedHistory,
  from: number,
  to: number,
  value: string,
  every = 20,
): Promise<void> {
  for (let at = from; at < to; at += every) {
    await history.goTo(at);
    history.send('box/t', value);
  }
}

describe('whyNot() names the clause that held an alert back:', () => {
  test('a value short of the limit, by how much, and when it was nearest', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 10, 300, '-19');
    await history.goTo(305);
    history.send('box/t', '-18.05');
    await send(history, 310, 600, '-18.4');
    history.stop();
    const found = ask(history, 589);
    expect(found).toMatchObject({ fired: false, reason: 'condition', replay: { cut: false } });
    expect(found.clause('condition')).toMatchObject({
      held: true,
      condition: 'clear',
      value: -18.4,
      unit: '°C',
      age_ms: 19_000,
      levels: [{ comparator: 'above', limit: -18, breached: false, missing: 0.4 }],
      closest: { value: -18.05, at: history.wallMs(305), missing: 0.05 },
    });
    expect(found.clauses.filter(({ held }) => held)).toHaveLength(1);
    expect(found.rules).toMatchObject([{ line: 4, text: expect.stringContaining('-18 °C') }]);
  });

  test('a delay that a reading broke off, and one that still runs', async () => {
    const history = recordHistory(yaml('above: -18 °C, on_delay: 10m'));
    await send(history, 0, 200, '-20');
    await send(history, 200, 600, '-17');
    await history.goTo(600);
    history.send('box/t', '-18.1');
    await send(history, 620, 900, '-20');
    history.stop();
    const running = ask(history, 500);
    expect(running.reason).toBe('on_delay');
    expect(running.clause('on_delay')).toMatchObject({
      lasted_ms: 300_000,
      on_delay_ms: 600_000,
      due_at: history.wallMs(800),
      end: 'cleared',
      began: { value: -17 },
    });
    expect(running.clause('condition')).toMatchObject({ held: false, condition: 'breached' });
    const over = ask(history, 700);
    expect(over.reason).toBe('on_delay');
    expect(over.clause('on_delay')).toMatchObject({
      began_at: history.wallMs(200),
      lasted_ms: 400_000,
      end: 'cleared',
      ended_at: history.wallMs(600),
      ended: { value: -18.1 },
    });
  });

  test('a delay that began again with a changed rule, or that of another level', async () => {
    const history = recordHistory(
      yaml(
        'above: { warning: -18 °C, critical: -10 °C }, on_delay: { warning: 1h, critical: 5m }',
      ).replace('severity: warning, ', ''),
    );
    await send(history, 0, 200, '-17');
    await send(history, 200, 320, '-5');
    const delay = (at: number) => ask(history, at).clause('on_delay');
    history.stop();
    expect(delay(150)).toMatchObject({ on_delay_ms: 3_600_000, began_at: history.wallMs(0) });
    const worse = { due_at: history.wallMs(500), began_at: history.wallMs(200) };
    expect(delay(300)).toMatchObject({ on_delay_ms: 300_000, lasted_ms: 100_000, ...worse });
    history.start(yaml('above: -18 °C, on_delay: 2h'));
    await send(history, 320, 400, '-17');
    history.stop();
    const anew = { due_at: history.wallMs(300 + 7_200), began_at: history.wallMs(300) };
    expect(delay(390)).toMatchObject({ on_delay_ms: 7_200_000, lasted_ms: 90_000, ...anew });
  });

  test('a point that was never heard, or is stale', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await history.goTo(300);
    await send(history, 400, 500, '-20');
    await history.goTo(2_000);
    history.stop();
    expect(ask(history, 200)).toMatchObject({ reason: 'heard', clauses: expect.anything() });
    expect(ask(history, 200).clause('heard')).toMatchObject({ last: null, stale: false });
    const stale = ask(history, 1_500);
    expect(stale.reason).toBe('heard');
    expect(stale.clause('heard')).toMatchObject({
      stale: true,
      stale_after_ms: 180_000,
      last: { value: -20 },
      age_ms: 1_020_000,
    });
    // Asked long after, nothing of the point lies within the stretch that is read.
    history.start();
    await history.goTo(9_000);
    history.stop();
    expect(ask(history, 8_900).clause('heard')).toMatchObject({ held: true, stale: true });
  });

  test('a message that another broker had kept is the past, and told as that', async () => {
    const history = recordHistory(`
brokers: { home: { url: mqtt://127.0.0.1:1 } }
sources: [{ mqtt: "sensors/{device}/{metric}", broker: home }]${yaml('above: -18 °C')}`);
    await history.goTo(10);
    history.sendKept('box/t', '-10');
    await history.goTo(20);
    history.stop();
    const found = ask(history, 15);
    expect(found.reason).toBe('heard');
    expect(found.clause('heard')).toMatchObject({ last: null });
    expect(found.clause('quality')).toMatchObject({ last: { value: -10, quality: 'stale' } });
  });

  test('bad readings, and an answer that a probe is broken', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 0, 200, '-20');
    await send(history, 200, 280, 'nan');
    history.stop();
    const found = ask(history, 270);
    expect(found.reason).toBe('quality');
    expect(found.clause('quality')).toMatchObject({
      last: { quality: 'bad', value: null },
      bad_since: history.wallMs(200),
    });
    expect(found.clause('condition')).toMatchObject({ condition: 'unknown' });
  });

  test('good values, of the alert about bad ones', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 0, 200, '-20');
    await send(history, 200, 280, 'nan');
    history.stop();
    const good = ask(history, 150, { rule: 'limen.bad' });
    expect(good).toMatchObject({ fired: false, reason: 'quality' });
    expect(good.clause('rule')).toMatchObject({ held: false, matched: true });
    const bad = ask(history, 270, { rule: 'limen.bad' });
    expect(bad.reason).toBe('condition');
    expect(bad.clause('condition')).toMatchObject({ judged: 'bad', value: 70, unit: 's' });
  });

  test('readings that came too late to be judged', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 0, 700, '-20');
    const at = history.wallMs(300);
    history.send('box/t', JSON.stringify({ value: -10, at }));
    history.stop();
    const found = ask(history, 500);
    expect(found.reason).toBe('late');
    expect(found.clause('late')).toMatchObject({ count: 1, worst: { value: -10, at } });
  });

  test('a window that is covered for less than half, and then its mean', async () => {
    const history = recordHistory(yaml('above: -18 °C, window: 10m, of: mean'));
    await send(history, 0, 200, '-10');
    await history.goTo(900);
    await send(history, 900, 1_500, '-20');
    history.stop();
    const thin = ask(history, 100);
    expect(thin.reason).toBe('condition');
    const window = thin.clause('condition').window;
    expect(window?.span_ms).toBe(600_000);
    expect(window?.covered).toBeCloseTo(100 / 600, 2);
    expect(ask(history, 1_480).clause('condition')).toMatchObject({
      condition: 'clear',
      judged: 'mean over 10 min',
      value: -20,
      levels: [{ missing: 2 }],
    });
  });

  test('a limit whose unit does not fit', async () => {
    const history = recordHistory(`
rules: { warm: { points: "box/*", above: 5 bar, severity: warning } }`);
    await history.goTo(10);
    history.send('box/t', '{"value": 20, "unit": "°C"}');
    history.stop();
    const found = ask(history, 15);
    expect(found.reason).toBe('condition');
    expect(found.clause('condition').problem).toContain('cannot be converted');
  });

  test('it was raised already; acknowledged; and returned', async () => {
    const history = recordHistory(yaml('above: -18 °C, acknowledge: required'));
    await send(history, 0, 100, '-10');
    history.act({ act: 'acknowledge', alert: key });
    await send(history, 100, 200, '-10');
    await send(history, 200, 300, '-30');
    history.stop();
    expect(ask(history, 50)).toMatchObject({ fired: true, reason: 'state' });
    expect(ask(history, 50).clause('state')).toMatchObject({
      state: 'active',
      id: 'warm/box/t/1',
      raised_at: history.wallMs(0),
    });
    expect(ask(history, 150).clause('state')).toMatchObject({
      state: 'acknowledged',
      acknowledged_by: 'anna',
    });
    const after = ask(history, 250);
    expect(after).toMatchObject({ fired: false, reason: 'condition', replay: { agrees: true } });
  });

  test('it is told that it fired a little later', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 0, 100, '-20');
    await send(history, 100, 200, '-10');
    history.stop();
    const found = ask(history, 95);
    expect(found.reason).toBe('condition');
    expect(found.clause('state').fired_at).toBe(history.wallMs(100));
    expect(found.clause('condition').closest).toMatchObject({
      missing: 0,
      at: history.wallMs(100),
    });
  });

  test('a flag kept it from people, and what was set when', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await history.goTo(5);
    history.send('box/t', '-20');
    history.act({ act: 'shelve', alert: key, forMs: 3_600_000 });
    await send(history, 20, 200, '-10');
    history.act({ act: 'service', alert: key, in: false });
    await send(history, 200, 300, '-10');
    history.stop();
    const shelved = ask(history, 100);
    expect(shelved).toMatchObject({ fired: true, reason: 'flags' });
    expect(shelved.clause('flags')).toMatchObject({
      shelved_until: history.wallMs(3_605),
      out_of_service: false,
      since: history.wallMs(5),
    });
    expect(ask(history, 250).clause('flags')).toMatchObject({ out_of_service: true });
  });

  test('nobody was told, since the notification is still to be delivered', async () => {
    const history = recordHistory(
      yaml(
        'above: -18 °C, then: [{ notify: kitchen }]',
        "notifiers: { kitchen: { webhook: { url: 'http://127.0.0.1:1' } } }",
      ),
    );
    await send(history, 0, 200, '-10');
    history.stop();
    const found = ask(history, 100);
    expect(found).toMatchObject({ fired: true, reason: 'notification' });
    expect(found.clause('notification')).toMatchObject({
      configured: true,
      told: [{ notifier: 'kitchen', result: 'waiting' }],
    });
  });

  test('it was raised outside the hours in which people are told', async () => {
    // The clock of the test begins on a Monday at 08:00 UTC.
    const history = recordHistory(
      yaml('above: -18 °C, active_when: { from: "20:00", to: "22:00", zone: UTC }'),
    );
    await send(history, 0, 100, '-10');
    history.stop();
    const found = ask(history, 90);
    expect(found).toMatchObject({ fired: true, reason: 'flags' });
    expect(found.clause('flags')).toMatchObject({ suppressed_by: 'active_when' });
  });

  test('it was raised so often that single raises are not told', async () => {
    const history = recordHistory(
      yaml(
        'above: -18 °C, acknowledge: not_required, then: [{ notify: kitchen }]',
        "notifiers: { kitchen: { webhook: { url: 'http://127.0.0.1:1' } } }",
      ),
    );
    for (let at = 0; at < 60; at += 5) {
      await history.goTo(at);
      history.send('box/t', at % 10 === 0 ? '-10' : '-20');
    }
    history.stop();
    const found = ask(history, 52);
    expect(found).toMatchObject({ fired: true, reason: 'flags' });
    expect(found.clause('flags')).toMatchObject({ hushed: 'chatter', shelved_until: null });
  });

  test('Limen was not running, and was started later, or not at all', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 0, 100, '-20');
    history.stop();
    expect(ask(history, 500)).toMatchObject({ reason: 'running' });
    await history.goTo(1_000);
    history.start(yaml('above: -15 °C'));
    await history.goTo(1_010);
    history.send('box/t', '-10');
    history.stop();
    const found = ask(history, 500);
    expect(found.reason).toBe('running');
    expect(found.clause('running')).toMatchObject({
      stopped_at: history.wallMs(80),
      started_at: history.wallMs(1_000),
    });
    // The end of the run before, not the beginning of the next one.
    expect(found.clause('condition').levels).toMatchObject([{ limit: -18 }]);
    expect(ask(history, 1_005).reason).toBe('condition');
    expect(ask(history, 1_011).reason).toBe('state');
  });

  test('the rule did not exist then, did not match, or had another limit', async () => {
    const none = 'points: { box/t: { unit: °C, expect_every: 60s } }\n';
    const history = recordHistory(none);
    await send(history, 0, 100, '-10');
    history.stop();
    history.start(yaml('above: 0 °C'));
    await send(history, 100, 300, '-10');
    history.stop();
    history.start(yaml('above: -18 °C'));
    await send(history, 300, 400, '-10');
    history.stop();
    const missing = ask(history, 50);
    expect(missing.reason).toBe('rule');
    expect(missing.clause('rule')).toMatchObject({
      existed: false,
      changed_at: history.wallMs(80),
    });
    const other = ask(history, 250);
    expect(other.reason).toBe('condition');
    expect(other.clause('condition').levels).toMatchObject([{ limit: 0, missing: 10 }]);
    expect(other.rules.map(({ text }) => text?.includes('above: 0 °C'))).toEqual([true, false]);
    expect(ask(history, 350)).toMatchObject({ fired: true, reason: 'state' });
  });

  test('a compound rule of which one member was not beyond its limit, and one that was not known', async () => {
    const history = recordHistory(`
points: { box/t: { unit: °C }, box/h: { unit: "%" } }
rules:
  damp: { severity: warning, all: [{ points: box/t, below: 5 }, { points: box/h, above: 80 }] }`);
    await send(history, 0, 100, '2');
    const unknown = 90;
    for (const at of [120, 140, 160]) {
      await history.goTo(at);
      history.send('box/t', '3');
      history.send('box/h', '60');
    }
    history.stop();
    const wanted = { rule: 'damp', point: 'damp/-' };
    const found = ask(history, 165, wanted);
    expect(found.reason).toBe('condition');
    expect(found.clause('condition')).toMatchObject({
      condition: 'clear',
      value: 1,
      levels: [{ comparator: 'all', limit: 2, missing: 1 }],
      members: [
        { point: 'box/t', verdict: 'breached', value: 3, unit: '°C' },
        { point: 'box/h', verdict: 'clear', value: 60, unit: '%' },
      ],
      rests_on: 'box/h is at 60 %',
    });
    expect(ask(history, unknown, wanted).clause('condition')).toMatchObject({
      held: true,
      condition: 'unknown',
      rests_on: 'box/h was never heard',
    });
  });

  test('a point with limits of its own', async () => {
    const history = recordHistory(
      yaml('above: -18 °C, overrides: { box/t: { above: -10 °C } }').replace(
        'box/t, s',
        'box/*, s',
      ),
    );
    await send(history, 0, 100, '-12');
    history.stop();
    expect(ask(history, 90).clause('condition').levels).toMatchObject([{ limit: -10, missing: 2 }]);
  });

  test('silence that did not last long enough', async () => {
    const history = recordHistory(yaml('silent_for: 10m'));
    await send(history, 0, 100, '-10');
    await history.goTo(1_000);
    history.stop();
    const found = ask(history, 380);
    expect(found.reason).toBe('condition');
    expect(found.clause('condition')).toMatchObject({
      judged: 'silence',
      value: 300,
      unit: 's',
      levels: [{ limit: 600, missing: 300 }],
    });
    expect(ask(history, 800).fired).toBe(true);
  });
});

describe('whyNot() refuses', () => {
  test('a rule or a point that there never was, with what was meant', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 0, 100, '-20');
    history.stop();
    const no = (what: { rule?: string; point?: string }) => () => ask(history, 50, what);
    expect(no({ rule: 'wram' })).toThrow('There is no rule "wram"; did you mean "warm"?');
    expect(no({ point: 'bix/t' })).toThrow('There is no point "bix/t"; did you mean "box/t"?');
    expect(no({ point: 'box' })).toThrow('must be device/metric');
  });

  test('a moment to come, and one before the history begins', async () => {
    const history = recordHistory(yaml('above: -18 °C'));
    await send(history, 0, 100, '-20');
    history.stop();
    const local = (atSeconds: number): string => formatLocalTime(history.wallMs(atSeconds));
    expect(() => ask(history, 2_000_000)).toThrow(`${local(2_000_000)} lies in the future`);
    expect(() => ask(history, -100)).toThrow(
      `There is no history at ${local(-100)}; it begins at ${local(0)}`,
    );
  });
});
