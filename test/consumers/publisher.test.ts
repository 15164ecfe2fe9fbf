import { describe, expect, test } from 'vitest';
import { createPublisher, type PublishLink } from '../../src/consumers/publisher.ts';
import { alertJson, type Alert } from '../../src/domain/alert.ts';
import type { WallMs } from '../../src/domain/time.ts';
import { createMetrics } from '../../src/host/metrics.ts';
import { alertOf, eventOf, memoryLog, seq, wall } from './fixtures.ts';

interface Message {
  readonly link: string;
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

const topic = 'limen/alerts/freezer-warm/freezer-1/temperature';

function bench(names: readonly string[] = ['embedded'], normal: readonly Alert[] = []) {
  const messages: Message[] = [];
  const log = memoryLog();
  const metrics = createMetrics();
  const link = (name: string): PublishLink => ({
    name,
    publish(to, payload, { retain, qos }) {
      if (name === 'broken') throw new Error('no socket');
      expect(qos).toBe(1);
      messages.push({ link: name, topic: to, payload, retain });
    },
  });
  const publisher = createPublisher({
    prefix: 'limen',
    links: names.map(link),
    wallOf: (at) => (at + 100) as WallMs,
    findAlert: (key) => normal.find(({ rule }) => rule === key.rule) ?? null,
    log,
    metrics,
  });
  const short = () => messages.map(({ link: name, topic: to, payload }) => [name, to, payload]);
  return { publisher, messages, short, link, log, metrics };
}

function running(...given: Parameters<typeof bench>) {
  const made = bench(...given);
  made.publisher.start([]);
  made.messages.length = 0;
  return made;
}

describe('start()', () => {
  test('start() says online and publishes what is not normal once more', () => {
    const { publisher, messages } = bench();
    publisher.start([alertOf()]);
    expect(messages).toEqual([
      { link: 'embedded', topic: 'limen/status', payload: 'online', retain: true },
      {
        link: 'embedded',
        topic,
        payload: JSON.stringify(alertJson(alertOf({ reason: 'restored' }))),
        retain: true,
      },
    ]);
  });
});

describe('onAlert()', () => {
  test('onAlert() retains the alert with every key of the contract', () => {
    const { publisher, messages } = running();
    publisher.onAlert(eventOf(alertOf()));
    expect(messages[0]).toMatchObject({ topic, retain: true });
    expect(Object.keys(JSON.parse(messages[0]?.payload ?? ''))).toEqual(
      Object.keys(alertJson(alertOf())),
    );
  });

  test('onAlert() tells each transition and flag as an event with its wall time and causes', () => {
    const { publisher, messages } = running();
    const alert = alertOf({ seq: seq(42), changedAt: wall(2_000) });
    publisher.onAlert(eventOf(alert, { from: 'pending', cause: [seq(40), seq(41)] }));
    publisher.onAlert(eventOf(alert, { kind: 'flag', from: 'active' }));
    const events = messages.filter((message) => message.topic === 'limen/events/alert');
    expect(events).toHaveLength(2);
    expect(events[0]?.retain).toBe(false);
    expect(JSON.parse(events[0]?.payload ?? '')).toMatchObject({
      seq: 42,
      at: 2_100,
      id: 'freezer-warm/freezer-1/temperature/1',
      kind: 'transition',
      from: 'pending',
      to: 'active',
      reason: 'on_delay_over',
      cause: [40, 41],
      severity: 'warning',
      value: -10,
    });
  });

  test('onAlert() publishes a changed condition on the retained topic alone', () => {
    const { publisher, messages } = running();
    publisher.onAlert(eventOf(alertOf({ condition: 'unknown' }), { kind: 'condition' }));
    expect(messages.map((message) => message.topic)).toEqual([topic]);
  });

  test('onAlert() publishes nothing of what only people are told', () => {
    const { publisher, messages } = running();
    const notice = { text: 'still', notifiers: null };
    publisher.onAlert(eventOf(alertOf(), { kind: 'notice', reason: 'repeated', notice }));
    expect(messages).toEqual([]);
  });

  test('onAlert() ends a removed alert with normal and then an empty retained payload', () => {
    const { publisher, messages } = running();
    publisher.onAlert(eventOf(alertOf({ state: 'normal', reason: 'removed' })));
    expect(messages.map(({ topic: to, retain }) => [to, retain])).toEqual([
      [topic, true],
      ['limen/events/alert', false],
      [topic, true],
    ]);
    expect(JSON.parse(messages[0]?.payload ?? '')).toMatchObject({
      state: 'normal',
      reason: 'removed',
    });
    expect(messages[2]?.payload).toBe('');
  });

  test('onAlert() goes on with the other links when one throws', () => {
    const { publisher, messages, log, metrics } = running(['broken', 'home']);
    publisher.onAlert(eventOf(alertOf(), { kind: 'condition' }));
    expect(messages.map(({ link }) => link)).toEqual(['home']);
    expect(log.lines.join()).toContain('no socket');
    expect(metrics.text()).toContain('limen_publish_failures_total{link="broken"} 2');
  });
});

describe('answer()', () => {
  test('answer() publishes the answer to an act', () => {
    const { publisher, short } = running();
    const id = 'freezer-warm/freezer-1/temperature/1';
    publisher.answer({
      act: 'acknowledge',
      id,
      by: 'ann',
      result: 'done',
      reason: null,
      seq: seq(7),
    });
    expect(short()).toEqual([
      [
        'embedded',
        'limen/events/act',
        `{"act":"acknowledge","id":"${id}","by":"ann","result":"done","reason":null,"seq":7}`,
      ],
    ]);
  });
});

describe('outputStatus()', () => {
  const status = {
    name: 'siren/1',
    state: 'unknown',
    commanded: 'on',
    owner: 'freezer-warm/freezer-1/temperature',
    reason: 'claim',
    sinceAt: 5,
    seq: 6,
    detail: null,
    hold: null,
    trip: null,
  } as const;

  test('outputStatus() retains the status under the encoded name', () => {
    const { publisher, messages } = running();
    publisher.outputStatus(status);
    expect(messages).toEqual([
      {
        link: 'embedded',
        topic: 'limen/outputs/siren%2F1',
        payload:
          '{"state":"unknown","commanded":"on","owner":"freezer-warm/freezer-1/temperature",' +
          '"reason":"claim","since":5,"seq":6}',
        retain: true,
      },
    ]);
  });

  test('outputStatus() clears the topic of an output that is gone', () => {
    const { publisher, messages } = running();
    publisher.outputStatus({ ...status, commanded: 'off', owner: null, reason: 'removed' });
    expect(messages.map(({ payload }) => payload === '')).toEqual([false, true]);
  });
});

describe('linkUp()', () => {
  test('linkUp() brings the whole present state to that link alone, also what became normal', () => {
    const { publisher, messages } = running(['embedded', 'home']);
    const ended = alertOf({ state: 'normal', reason: 'off_delay_over' });
    publisher.onAlert(eventOf(alertOf(), { kind: 'condition' }));
    publisher.onAlert(eventOf(ended, { kind: 'condition' }));
    messages.length = 0;
    publisher.linkUp('home');
    expect(messages).toEqual([
      { link: 'home', topic: 'limen/status', payload: 'online', retain: true },
      { link: 'home', topic, payload: JSON.stringify(alertJson(ended)), retain: true },
    ]);
  });

  test('linkUp() does nothing before the start', () => {
    const { publisher, messages } = bench(['home']);
    publisher.linkUp('home');
    expect(messages).toEqual([]);
  });
});

describe('correct()', () => {
  test('correct() publishes over retained alerts that a crash left behind', () => {
    const normal = alertOf({ rule: 'lost', state: 'normal' });
    const { publisher, short } = running(['embedded'], [normal]);
    publisher.onAlert(eventOf(alertOf(), { kind: 'condition' }));
    const known = short().length;
    publisher.correct('embedded', [topic, 'limen/alerts/lost/d/m', 'limen/alerts/gone/d/m', 'x/y']);
    expect(short().slice(known)).toEqual([
      ['embedded', 'limen/alerts/lost/freezer-1/temperature', JSON.stringify(alertJson(normal))],
      ['embedded', 'limen/alerts/gone/d/m', ''],
    ]);
  });

  test('correct() clears retained outputs that belong to no output', () => {
    const { publisher, short } = running(['home']);
    const said = { detail: null, hold: null, trip: null } as const;
    const rest = { commanded: 'off', owner: null, sinceAt: 5, seq: 6 } as const;
    const status = { state: 'unknown', ...rest, ...said } as const;
    publisher.outputStatus({ ...status, name: 'siren', reason: 'idle' });
    publisher.outputStatus({ ...status, name: 'gone', reason: 'removed' });
    const known = short().length;
    publisher.correct(
      'home',
      ['siren', 'gone', 'old%2Fone'].map((name) => `limen/outputs/${name}`),
    );
    publisher.correct('home', ['limen/outputs/siren/set', 'limen/status']);
    expect(short().slice(known)).toEqual([
      ['home', 'limen/outputs/gone', ''],
      ['home', 'limen/outputs/old%2Fone', ''],
    ]);
  });
});

describe('configure()', () => {
  test('configure() clears what it leaves and fills what is new', () => {
    const { publisher, short, messages, link } = running(['embedded', 'home']);
    publisher.onAlert(eventOf(alertOf(), { kind: 'condition' }));
    messages.length = 0;
    publisher.configure('limen', [link('embedded'), link('other')]);
    expect(short()).toEqual([
      ['home', topic, ''],
      ['home', 'limen/status', 'offline'],
      ['other', 'limen/status', 'online'],
      ['other', topic, JSON.stringify(alertJson(alertOf()))],
    ]);
  });

  test('configure() moves everything below another prefix', () => {
    const { publisher, messages, link } = running(['embedded']);
    publisher.onAlert(eventOf(alertOf(), { kind: 'condition' }));
    messages.length = 0;
    publisher.configure('home/limen', [link('embedded')]);
    expect(messages.map((message) => message.topic)).toEqual([
      topic,
      'limen/status',
      'home/limen/status',
      `home/${topic}`,
    ]);
  });
});

describe('stop()', () => {
  test('stop() says offline and publishes nothing afterwards', () => {
    const { publisher, short } = running();
    publisher.stop();
    publisher.onAlert(eventOf(alertOf()));
    expect(short()).toEqual([['embedded', 'limen/status', 'offline']]);
  });
});
