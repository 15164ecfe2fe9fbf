import { describe, expect, test } from 'vitest';
import { createOutputs, type Outputs } from '../../../src/consumers/outputs/outputs.ts';
import type { ProgramRun } from '../../../src/consumers/outputs/programs.ts';
import type { Alert } from '../../../src/domain/alert.ts';
import type { OutputSpec, OutputStatus, OutputWay } from '../../../src/domain/output.ts';
import type { Action, Rule } from '../../../src/domain/rule.ts';
import type { EngineMs } from '../../../src/domain/time.ts';
import { createMetrics } from '../../../src/host/metrics.ts';
import { createFakeClock, type FakeClock } from '../../host/fake-clock.ts';
import {
  alertOf,
  eventOf,
  memoryJournal,
  memoryLog,
  ruleOf,
  seq,
  unprotected,
  wall,
} from '../fixtures.ts';

const mqttWay = (
  topic: string,
  broker = 'home',
  payloads = { on: 'ON', off: 'OFF' },
): OutputWay => ({
  kind: 'mqtt',
  broker,
  topic,
  payloads,
});
const siren: OutputSpec = {
  name: 'siren',
  way: mqttWay('siren/set'),
  safe: 'off',
  idle: 'off',
  onUnknown: null,
  ...unprotected,
};
const claim = (more: Partial<Extract<Action, { kind: 'claim' }>> = {}): Action => ({
  kind: 'claim',
  output: 'siren',
  level: 'on',
  span: 'raised',
  ...more,
});
const warm = ruleOf('freezer-warm', [claim()]);
const returned = { state: 'returned', condition: 'clear', returnedAt: wall(3_000) } as const;

interface Bench {
  readonly outputs: Outputs;
  readonly clock: FakeClock;
  readonly journal: ReturnType<typeof memoryJournal>;
  readonly log: ReturnType<typeof memoryLog>;
  /** Rows, commands and statuses in the order they happened. */
  readonly happened: string[];
  readonly commands: string[];
  readonly statuses: OutputStatus[];
  /** Told of outputs that fail, as `<output> <is there>: <note>`. */
  readonly faults: readonly string[];
  /** What was to be run, in order; none of it ends by itself. */
  readonly programs: readonly ProgramRun[];
  readonly metricsText: () => string;
  event(alert: Partial<Alert>, more?: Parameters<typeof eventOf>[1]): void;
  /** A new process on the same machine: the outputs start from the rows and these alerts. */
  /** Brokers whose link is not up. */
  readonly links: Map<string, 'down' | 'none'>;
  restart(open: readonly Alert[], specs?: readonly OutputSpec[], downMs?: number): Bench;
}

function bench(
  specs: readonly OutputSpec[],
  rules: readonly Rule[],
  world: Pick<Bench, 'clock' | 'journal'> = { clock: createFakeClock(), journal: memoryJournal() },
  send: (topic: string) => void = () => {},
): Bench {
  const { clock, journal } = world;
  const log = memoryLog();
  const metrics = createMetrics();
  const happened: string[] = [];
  const commands: string[] = [];
  const statuses: OutputStatus[] = [];
  const faults: string[] = [];
  const programs: ProgramRun[] = [];
  const links = new Map<string, 'down' | 'none'>();
  let isKilled = false;
  const outputs = createOutputs({
    specs,
    rules,
    clock: {
      ...clock,
      after: (delayMs, callback) =>
        clock.after(delayMs, () => {
          if (!isKilled) callback();
        }),
    },
    log,
    metrics,
    journal: {
      ...journal,
      append(kind, key, body) {
        happened.push(`row ${key}`);
        return journal.append(kind, key, body);
      },
    },
    engineMs: () => Math.floor(clock.monotonicMs()) as EngineMs,
    wallMs: () => clock.wallMs(),
    publish({ topic }, payload) {
      happened.push(`send ${payload.toLowerCase()}`);
      commands.push(`${topic} ${payload}`);
      send(topic);
    },
    drive: () => undefined,
    programs: { run: (run) => void programs.push(run) },
    gpio: { hold: () => undefined },
    isClockTrusted: () => true,
    fault: (output, isThere, note) => void faults.push(`${output} ${isThere}: ${note}`),
    linkOf: (broker) => links.get(broker) ?? 'up',
    publishStatus(status) {
      happened.push('status');
      statuses.push(status);
    },
    faultPoint: (name) => void happened.push(name),
  });
  return {
    outputs,
    clock,
    journal,
    log,
    happened,
    commands,
    statuses,
    faults,
    programs,
    links,
    metricsText: () => metrics.text(),
    event: (alert, more) => outputs.onAlert(eventOf(alertOf(alert), more)),
    restart(open, newSpecs = specs, downMs = 0) {
      isKilled = true;
      clock.advance(downMs);
      const next = bench(newSpecs, rules, world, send);
      for (const [broker, state] of links) next.links.set(broker, state);
      next.outputs.start(open, new Map(journal.rows.map(({ key, body }) => [key, body])));
      return next;
    },
  };
}

function started(specs: readonly OutputSpec[] = [siren], rules: readonly Rule[] = [warm]): Bench {
  const made = bench(specs, rules);
  made.outputs.start([], new Map());
  made.happened.length = 0;
  made.commands.length = 0;
  return made;
}

describe('start()', () => {
  test('start() sends every output safe before it asserts the claims of restored alerts anew', () => {
    const { outputs, commands } = bench(
      [siren, { ...siren, name: 'b', way: mqttWay('b/set') }],
      [warm],
    );
    outputs.start([alertOf()], new Map());
    expect(commands).toEqual(['siren/set OFF', 'b/set OFF', 'siren/set ON']);
  });

  test('start() asserts an output with on_unknown safe only after the first good reading', () => {
    const heater: OutputSpec = { ...siren, onUnknown: 'safe' };
    const { outputs, commands } = bench([heater], [warm]);
    outputs.start([alertOf()], new Map());
    expect(outputs.awaitsReadings).toBe(true);
    outputs.heard({ device: 'freezer-2', metric: 'temperature' });
    expect(commands).toEqual(['siren/set OFF']);
    expect(outputs.statuses()[0]?.reason).toBe('on_unknown');
    outputs.heard({ device: 'freezer-1', metric: 'temperature' });
    expect(commands).toEqual(['siren/set OFF', 'siren/set ON']);
    expect(outputs.awaitsReadings).toBe(false);
  });

  test('start() takes a good reading of any point of a compound rule for one of its alert', () => {
    const heater: OutputSpec = { ...siren, onUnknown: 'safe' };
    const { outputs, commands } = bench([heater], [warm]);
    outputs.start([alertOf({ device: 'room', metric: '-' })], new Map());
    outputs.heard({ device: 'freezer-2', metric: 'temperature' });
    expect(commands).toEqual(['siren/set OFF', 'siren/set ON']);
  });

  test('start() does not take an event without a new condition for a reading', () => {
    const heater: OutputSpec = { ...siren, onUnknown: 'safe' };
    const { outputs, commands, event } = bench([heater], [warm]);
    outputs.start([alertOf({ state: 'pending', raisedAt: null })], new Map());
    event({}, { from: 'pending' });
    expect(commands).toEqual(['siren/set OFF']);
    event({ condition: 'unknown' }, { kind: 'condition', from: 'active' });
    expect(commands).toEqual(['siren/set OFF']);
    event({}, { kind: 'condition', from: 'active' });
    expect(commands).toEqual(['siren/set OFF', 'siren/set ON']);
  });

  test('start() waits for no reading where a dying sensor must not silence the output', () => {
    const { outputs, commands } = bench([siren], [warm]);
    outputs.start([alertOf()], new Map());
    expect(outputs.awaitsReadings).toBe(false);
    expect(commands).toEqual(['siren/set OFF', 'siren/set ON']);
  });
});

describe('onAlert()', () => {
  test('onAlert() appends the row before the command, in the same tick', () => {
    const { event, happened, journal } = started();
    event({ seq: seq(42) });
    expect(happened).toEqual(['row siren', 'send on', 'command_sent', 'status']);
    expect(journal.rows.at(-1)).toMatchObject({
      kind: 'output',
      key: 'siren',
      body: {
        commanded: 'on',
        owner: 'freezer-warm/freezer-1/temperature',
        reason: 'claim',
        cause: [42],
        spent: [],
      },
    });
  });

  test('onAlert() holds the claim for exactly the states of its span', () => {
    const { event, commands } = started(
      [siren],
      [ruleOf('freezer-warm', [claim({ span: 'unacknowledged' })])],
    );
    event({ state: 'pending', raisedAt: null });
    expect(commands).toEqual([]);
    event({ state: 'active' });
    event({ state: 'acknowledged', reason: 'acknowledged' });
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
  });

  test('onAlert() sends nothing when only the owner changes, but keeps a row of it', () => {
    const rules = [warm, ruleOf('hot', [claim()])];
    const { event, commands, outputs } = started([siren], rules);
    event({});
    event({ rule: 'hot', severity: 'critical' });
    expect(commands).toEqual(['siren/set ON']);
    expect(outputs.statuses()[0]?.owner).toBe('hot/freezer-1/temperature');
    event({ rule: 'hot', severity: 'critical', ...returned });
    expect(outputs.statuses()[0]?.owner).toBe('freezer-warm/freezer-1/temperature');
    event({ ...returned });
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    expect(outputs.statuses()[0]).toMatchObject({ commanded: 'off', owner: null, reason: 'idle' });
  });

  test('onAlert() keeps one claim for each point of a rule', () => {
    const { event, commands } = started();
    event({ device: 'freezer-1' });
    event({ device: 'freezer-2' });
    event({ device: 'freezer-1', ...returned });
    expect(commands).toEqual(['siren/set ON']);
  });

  test('onAlert() keeps the claim of an alert whose sensor dies', () => {
    const { event, commands } = started();
    event({});
    event({ condition: 'unknown', quality: 'stale' }, { kind: 'condition', from: 'active' });
    expect(commands).toEqual(['siren/set ON']);
  });

  test('onAlert() lets a marked test alert claim like any other, and says so', () => {
    const { event, outputs } = started();
    event({}, { drill: true });
    expect(outputs.statuses()[0]).toMatchObject({ commanded: 'on', reason: 'drill' });
    event({ state: 'acknowledged' }, { from: 'active' });
    expect(outputs.statuses()[0]?.reason).toBe('drill');
  });

  test('onAlert() reports the state as unknown and the time the level was commanded', () => {
    const { event, clock, statuses } = started();
    clock.advance(500);
    event({});
    expect(statuses.at(-1)).toMatchObject({ state: 'unknown', sinceAt: clock.wallMs() });
  });

  test('onAlert() goes on with the other outputs when a link throws', () => {
    const rules = [ruleOf('freezer-warm', [claim(), claim({ output: 'lamp' })])];
    const lamp = { ...siren, name: 'lamp', way: mqttWay('lamp/set') };
    const { outputs, commands, log, event } = bench([siren, lamp], rules, undefined, (topic) => {
      if (topic === 'siren/set') throw new Error('socket gone');
    });
    outputs.start([], new Map());
    event({});
    expect(commands).toContain('lamp/set ON');
    expect(log.lines.join()).toContain('socket gone');
  });

  test('onAlert() counts every command', () => {
    const { event, metricsText } = started();
    event({});
    expect(metricsText()).toContain('limen_output_commands_total{output="siren"} 2');
  });
});

describe('max_on', () => {
  const limited: OutputSpec = { ...siren, maxOnMs: 10_000 };
  const two = [warm, ruleOf('hot', [claim()])];

  test('max_on counts the continuous time over all owners', () => {
    const { event, clock, commands, outputs } = started([limited], two);
    event({});
    clock.advance(6_000);
    event({ rule: 'hot' });
    event({ ...returned });
    clock.advance(3_999);
    expect(commands).toEqual(['siren/set ON']);
    clock.advance(1);
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    expect(outputs.statuses()[0]).toMatchObject({ owner: null, reason: 'max_on' });
  });

  test.each([
    ['a new raise', { raises: 2 }, 'on_delay_over'],
    ['an escalation', { severity: 'critical' }, 'escalated'],
    ['a reset', { latched: false }, 'reset'],
  ] as const)('max_on spends the claims present until %s', (_name, change, reason) => {
    const { event, clock, commands } = started([limited], two);
    event({});
    event({ rule: 'hot' });
    clock.advance(10_000);
    event({ state: 'acknowledged', reason: 'acknowledged' }, { from: 'active' });
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    event({ ...change, reason }, { from: 'acknowledged' });
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF', 'siren/set ON']);
    clock.advance(10_000);
    expect(commands.at(-1)).toBe('siren/set OFF');
  });

  test('max_on does not spend a claim that comes after it', () => {
    const { event, clock, commands } = started([limited], two);
    event({});
    clock.advance(10_000);
    event({ rule: 'hot' });
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF', 'siren/set ON']);
  });

  /** A process whose timers are late. */
  const lateWorld = (): Pick<Bench, 'clock' | 'journal'> => {
    const clock = createFakeClock();
    const late = { ...clock, after: () => ({ cancel: () => {} }) };
    return { clock: late, journal: memoryJournal() };
  };

  test('max_on that is noticed late does not spend the claim that came too late for it', () => {
    const world = lateWorld();
    const { clock } = world;
    const { event, commands, outputs } = bench([limited], two, world);
    outputs.start([], new Map());
    event({});
    clock.advance(12_000);
    event({ rule: 'hot' });
    expect(commands.slice(1)).toEqual(['siren/set ON', 'siren/set OFF', 'siren/set ON']);
  });

  test('max_on that is noticed late is not outrun by a hold by hand', () => {
    const world = lateWorld();
    const { event, commands, outputs } = bench([limited], two, world);
    outputs.start([], new Map());
    event({});
    world.clock.advance(12_000);
    expect(outputs.command(hold, seq(1))).toContain('max_on');
    expect(commands.slice(1)).toEqual(['siren/set ON', 'siren/set OFF']);
  });

  test('max_on does not count from before a restart that found no claim', () => {
    const before = started([limited]);
    before.event({});
    const between = before.restart([]);
    between.clock.advance(60_000);
    // As if the process ended after the row of the alert and before the row of its command.
    const after = between.restart([alertOf({ raises: 2 })]);
    expect(after.commands).toEqual(['siren/set OFF', 'siren/set ON']);
  });

  test('max_on leaves a spent claim spent over a restart', () => {
    const before = started([limited], two);
    before.event({});
    before.clock.advance(10_000);
    const after = before.restart([alertOf()]);
    expect(after.commands).toEqual(['siren/set OFF']);
    expect(after.outputs.statuses()[0]?.reason).toBe('max_on');
    after.event({ raises: 2 });
    expect(after.commands).toEqual(['siren/set OFF', 'siren/set ON']);
  });

  test('max_on counts anew from a start, however long Limen was down: an active alert is heard again', () => {
    const before = started([limited]);
    before.event({});
    before.clock.advance(6_000);
    const killed = before.restart([alertOf()]);
    killed.clock.advance(9_999);
    expect(killed.commands).toEqual(['siren/set OFF', 'siren/set ON']);
    killed.clock.advance(1);
    expect(killed.commands.at(-1)).toBe('siren/set OFF');

    const other = started([limited]);
    other.event({});
    const after = other.restart([alertOf()], [limited], 60_000);
    expect(after.commands).toEqual(['siren/set OFF', 'siren/set ON']);
    expect(after.outputs.statuses()[0]).toMatchObject({ commanded: 'on', reason: 'claim' });
  });

  test('max_on counts anew when the link comes back', () => {
    const { event, clock, commands, outputs } = started([limited]);
    event({});
    clock.advance(6_000);
    outputs.linkUp('home');
    clock.advance(9_999);
    expect(commands.at(-1)).toBe('siren/set ON');
    clock.advance(1);
    expect(commands.at(-1)).toBe('siren/set OFF');
  });

  test('max_on that was over before the link came back stays over', () => {
    const world = lateWorld();
    const { event, commands, outputs } = bench([limited], two, world);
    outputs.start([], new Map());
    event({});
    world.clock.advance(12_000);
    outputs.linkUp('home');
    expect(commands.at(-1)).toBe('siren/set OFF');
    expect(outputs.statuses()[0]?.reason).toBe('max_on');
  });

  test('max_on does not count while nothing has reached the device', () => {
    const { event, clock, commands, outputs, links } = started([limited], two);
    links.set('home', 'down');
    event({});
    clock.advance(60_000);
    expect(outputs.statuses()[0]).toMatchObject({ commanded: 'on', reason: 'claim' });
    links.delete('home');
    outputs.linkUp('home');
    expect(commands.slice(1)).toEqual(['siren/set OFF', 'siren/set ON']);
    // Reached once, it counts on although the link is away: the device stays as it is.
    links.set('home', 'down');
    clock.advance(9_999);
    expect(outputs.statuses()[0]?.commanded).toBe('on');
    clock.advance(1);
    expect(outputs.statuses()[0]).toMatchObject({ commanded: 'off', reason: 'max_on' });
  });

  test('max_on counts anew after the output was really off', () => {
    const { event, clock, commands } = started([limited]);
    event({});
    clock.advance(9_000);
    event({ ...returned });
    event({ raises: 2 });
    clock.advance(9_000);
    expect(commands.at(-1)).toBe('siren/set ON');
  });

  test('max_on holds for an idle level that energises', () => {
    const { event, clock, commands, outputs } = started([{ ...limited, idle: 'on' }]);
    clock.advance(10_000);
    expect(outputs.statuses()[0]).toMatchObject({ commanded: 'off', reason: 'max_on' });
    event({});
    event({ ...returned });
    expect(commands).toEqual(['siren/set OFF', 'siren/set ON']);
  });
});

describe('lease', () => {
  const leased: OutputSpec = {
    ...siren,
    way: mqttWay('siren/set', 'home', { on: '{"on":true,"for":{lease_s}}', off: 'OFF' }),
    leaseMs: 60_000,
  };

  test('lease is written into the payload and renewed at half time', () => {
    const { event, clock, commands, journal } = started([leased]);
    event({});
    const rows = journal.rows.length;
    clock.advance(60_000);
    expect(commands).toEqual(Array(3).fill('siren/set {"on":true,"for":60}'));
    expect(journal.rows).toHaveLength(rows);
    event({ ...returned });
    clock.advance(120_000);
    expect(commands.slice(3)).toEqual(['siren/set OFF']);
  });

  test('lease is lost when the link was away for so long, and what is wanted goes on when it is back', () => {
    const { event, outputs, clock, commands, links } = started([leased]);
    const status = () => outputs.statuses()[0];
    event({});
    clock.advance(30_000);
    links.set('home', 'down');
    // Renewed at 30 s for the last time: the device holds on until 90 s.
    clock.advance(59_999);
    expect(status()).toMatchObject({ commanded: 'on' });
    clock.advance(1);
    expect(status()).toMatchObject({ commanded: 'off', reason: 'lease_lost' });
    expect(outputs.command(hold, seq(1))).toContain('its lease is lost');
    links.delete('home');
    commands.length = 0;
    outputs.linkUp('home');
    expect(commands).toEqual(['siren/set OFF', 'siren/set {"on":true,"for":60}']);
    expect(status()).toMatchObject({ commanded: 'on', reason: 'claim' });
  });
});

const hold = {
  act: 'set',
  output: 'siren',
  value: 'on',
  holdMs: 3_600_000,
  by: 'anna',
  comment: null,
  order: null,
  sentAt: null,
} as const;

describe('command()', () => {
  test('command() holds an output until its time is over, over a restart as well', () => {
    const first = started();
    expect(first.outputs.command(hold, seq(1))).toBeNull();
    expect(first.commands).toEqual(['siren/set ON']);
    const second = first.restart([], [siren], 1_800_000);
    expect(second.commands).toEqual(['siren/set OFF', 'siren/set ON']);
    second.clock.advance(1_799_999);
    expect(second.commands).toHaveLength(2);
    second.clock.advance(1);
    expect(second.commands).toEqual(['siren/set OFF', 'siren/set ON', 'siren/set OFF']);
  });

  test('command() is done with a hold sooner by time that is found out after a restart, with no other', () => {
    const first = started();
    first.outputs.command(hold, seq(1));
    const { outputs, clock, commands } = first.restart([]);
    outputs.credit(1_800_000);
    clock.advance(1_799_999);
    expect(commands.at(-1)).toBe('siren/set ON');
    clock.advance(1);
    expect(commands.at(-1)).toBe('siren/set OFF');
    outputs.command(hold, seq(2));
    outputs.credit(3_600_000);
    expect(commands.at(-1)).toBe('siren/set ON');
  });

  test('command() changes nothing after a stop', () => {
    const { outputs, commands } = started();
    outputs.stop();
    commands.length = 0;
    expect(outputs.command(hold, seq(1))).toContain('no output');
    outputs.linkUp('home');
    expect(commands).toEqual([]);
  });
});

describe('linkUp()', () => {
  test('linkUp() sends safe and then the present level, to the outputs of that broker alone', () => {
    const lamp = { ...siren, name: 'lamp', way: mqttWay('lamp/set', 'embedded') };
    const { event, commands, outputs } = started([siren, lamp]);
    event({});
    commands.length = 0;
    outputs.linkUp('home');
    expect(commands).toEqual(['siren/set OFF', 'siren/set ON']);
  });
});

describe('feedback', () => {
  test('feedback that cannot come because the link is away is no failure', () => {
    const feedback = { device: 'siren', metric: 'state', withinMs: 5_000, retries: 2 };
    const { event, outputs, clock, links, faults } = started([{ ...siren, feedback }]);
    outputs.onCondition('feedback siren', 'clear', seq(1));
    links.set('home', 'down');
    event({});
    clock.advance(60_000);
    expect(outputs.statuses()[0]).toMatchObject({ commanded: 'on', trip: null });
    expect(faults).toEqual([]);
    links.delete('home');
    outputs.linkUp('home');
    clock.advance(15_000);
    expect(outputs.statuses()[0]).toMatchObject({ commanded: 'off', reason: 'trip' });
    clock.advance(0);
    expect(faults).toEqual([expect.stringContaining('siren true')]);
  });
});

describe('never_with', () => {
  const way = { kind: 'command', programs: { on: ['pump', 'on'], off: ['pump', 'off'] } } as const;
  const pump = { ...siren, name: 'pump', way, neverWith: ['siren'] };

  test('never_with waits until the program that makes the other one safe has ended well', () => {
    const { event, outputs, programs, clock } = started([siren, pump]);
    event({});
    const status = () => outputs.statuses()[0];
    expect(status()).toMatchObject({ commanded: 'off', reason: 'interlock' });
    programs[0]?.done('exit code 1');
    expect(status()?.commanded).toBe('off');
    clock.advance(1_000);
    expect(programs.map(({ level }) => level)).toEqual(['off', 'off']);
    programs[1]?.done(null);
    expect(status()).toMatchObject({ commanded: 'on', reason: 'claim' });
  });

  test('a program makes a former device safe for the last time, and its end is no news of the new one', () => {
    const { outputs, programs, faults, clock } = started([pump]);
    const programsOf = { on: ['relay', 'on'], off: ['relay', 'off'] };
    outputs.configure([{ ...pump, way: { ...way, programs: programsOf } }], [warm]);
    expect(programs.map(({ program, isLast }) => [program[0], isLast])).toEqual([
      ['pump', false],
      ['pump', true],
      ['relay', false],
    ]);
    for (let times = 0; times < 3; times += 1) programs[1]?.done('exit code 1');
    clock.advance(0);
    expect(faults).toEqual([]);
  });

  test('a former place that cannot be told does not keep the news of other outputs back', () => {
    const before = started([{ ...siren, name: 'horn' }]);
    before.event({});
    const fails = (): void => {
      throw new Error('it cannot be told');
    };
    const world = { clock: before.clock, journal: before.journal };
    const { outputs, programs, faults, clock } = bench([pump], [], world, fails);
    const memory = new Map(before.journal.rows.map(({ key, body }) => [key, body]));
    outputs.start([], memory);
    for (let times = 0; times < 3; times += 1) programs[0]?.done('exit code 1');
    clock.advance(0);
    expect(faults).toEqual([expect.stringContaining('pump true')]);
  });

  test('a program is not run again for a command that is not wanted any more', () => {
    const { outputs, programs, clock } = started([pump]);
    const asked = { ...hold, output: 'pump' };
    programs[0]?.done(null);
    outputs.command(asked, seq(1));
    programs[1]?.done('exit code 1');
    outputs.command({ ...asked, value: 'auto' }, seq(2));
    clock.advance(60_000);
    expect(programs.map(({ level }) => level)).toEqual(['off', 'on', 'off']);
  });
});

describe('present()', () => {
  const lampWay = mqttWay('lamp/set', 'embedded');
  const lamp = { ...siren, name: 'lamp', way: lampWay };
  const all = (): boolean => true;

  test('present() gives the level of now, of the broker and the topics that are asked for', () => {
    const { event, outputs, commands, restart } = started([siren, lamp]);
    expect(outputs.present('embedded', all), 'nothing but safe was ever said').toEqual([]);
    event({});
    expect(commands).toEqual(['siren/set ON']);
    expect(outputs.present('home', all)).toEqual([{ topic: 'siren/set', payload: 'ON' }]);
    expect(outputs.present('home', (topic) => topic !== 'siren/set')).toEqual([]);
    outputs.stop();
    const safe = [{ topic: 'siren/set', payload: 'OFF' }];
    expect(outputs.present('home', all)).toEqual(safe);
    expect(restart([]).outputs.present('home', all)).toEqual(safe);
  });

  test('present() gives safe for a place that no output drives any more, until one does', () => {
    const { restart, outputs } = started([lamp]);
    const safe = [{ topic: 'lamp/set', payload: 'OFF' }];
    outputs.configure([], [warm]);
    expect(outputs.present('embedded', all)).toEqual(safe);
    outputs.configure([{ ...lamp, safe: 'on', idle: 'on' }], [warm]);
    expect(outputs.present('embedded', all)).toEqual([{ topic: 'lamp/set', payload: 'ON' }]);
    const later = restart([], []);
    expect(later.outputs.present('embedded', all)).toEqual([{ topic: 'lamp/set', payload: 'ON' }]);
    expect(later.outputs.present('home', all)).toEqual([]);
  });

  test('present() gives the last command of an output that is gone by its own number', () => {
    const way = mqttWay('siren/set', 'home', { on: 'on {seq}', off: 'off {seq}' });
    const { event, outputs, commands } = started([{ ...siren, way }]);
    event({});
    outputs.configure([], [warm]);
    const [{ topic, payload } = { topic: '', payload: '' }] = outputs.present('home', all);
    expect(commands.at(-1)).toBe(`${topic} ${payload}`);
  });
});

describe('configure()', () => {
  test('configure() leaves an output that is gone safe', () => {
    const { event, commands, outputs, statuses } = started();
    event({});
    outputs.configure([], [warm]);
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    expect(statuses.at(-1)).toMatchObject({ commanded: 'off', reason: 'removed' });
    expect(outputs.statuses()).toEqual([]);
  });

  test('configure() moves an output to another topic through safe on both', () => {
    const { event, commands, outputs } = started();
    event({});
    outputs.configure([{ ...siren, way: mqttWay('new/set') }], [warm]);
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF', 'new/set OFF', 'new/set ON']);
  });

  test('configure() applies changed claims and limits without touching the rest', () => {
    const { event, clock, commands, outputs } = started();
    event({});
    clock.advance(5_000);
    outputs.configure([{ ...siren, maxOnMs: 8_000 }], [warm]);
    expect(commands).toEqual(['siren/set ON']);
    clock.advance(3_000);
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    outputs.configure([siren], [ruleOf('freezer-warm', [])]);
    expect(outputs.statuses()[0]?.reason).toBe('idle');
  });

  test('configure() moves nothing for a claim that is there neither before nor after', () => {
    const lamp = { ...siren, name: 'lamp', way: mqttWay('lamp/set') };
    const { event, commands, outputs, journal } = started([siren, lamp]);
    const claimsLamp = ruleOf('freezer-warm', [claim({ output: 'lamp' })]);
    outputs.configure([siren, lamp], [claimsLamp], () => event({}));
    expect(commands).toEqual(['lamp/set ON']);
    expect(journal.rows.at(-1)?.body['cause']).toEqual([alertOf({}).seq]);
    outputs.configure([siren, lamp], [warm], () => event({ state: 'normal' }));
    expect(commands).toEqual(['lamp/set ON', 'lamp/set OFF']);
  });

  test('configure() lets a spent claim count again after an escalation by the new rules', () => {
    const limited = { ...siren, maxOnMs: 1_000 };
    const { event, clock, commands, outputs } = started([limited]);
    event({});
    clock.advance(1_000);
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    outputs.configure([limited], [warm], () => event({}, { reason: 'rule_changed' }));
    expect(commands).toHaveLength(2);
    outputs.configure([limited], [warm], () => event({}, { reason: 'escalated' }));
    expect(commands.at(-1)).toBe('siren/set ON');
  });
});

describe('an output that is no longer driven where it was', () => {
  const moved: OutputSpec = { ...siren, way: mqttWay('new/set') };

  test('start() sends safe once to the place of an output that is gone, and clears its status', () => {
    const before = started();
    before.event({});
    const after = before.restart([alertOf()], []);
    expect(after.commands).toEqual(['siren/set OFF']);
    expect(after.happened).toEqual(['row siren', 'status', 'send off']);
    expect(after.statuses).toMatchObject([
      { name: 'siren', commanded: 'off', owner: null, reason: 'removed' },
    ]);
    expect(after.outputs.statuses()).toEqual([]);
    after.outputs.linkUp('home');
    expect(after.commands).toHaveLength(1);
    const later = after.restart([], []);
    expect([later.commands, later.statuses]).toEqual([[], []]);
  });

  test('start() sends safe to the former topic of an output too', () => {
    const before = started();
    before.event({});
    const after = before.restart([alertOf()], [moved]);
    expect(after.commands.toSorted()).toEqual(['new/set OFF', 'new/set ON', 'siren/set OFF']);
    expect(after.outputs.statuses()).toMatchObject([{ commanded: 'on', reason: 'claim' }]);
    expect(after.restart([], [moved]).commands).toEqual(['new/set OFF']);
  });

  test('start() waits for the link to the former place, over further starts as well', () => {
    const before = started();
    before.event({});
    before.links.set('home', 'down');
    const second = before.restart([], [{ ...moved, way: mqttWay('new/set', 'embedded') }]);
    expect(second.commands).toEqual(['new/set OFF']);
    const third = second.restart([], [{ ...moved, way: mqttWay('new/set', 'embedded') }]);
    expect(third.commands).toEqual(['new/set OFF']);
    third.outputs.linkUp('home');
    third.outputs.linkUp('home');
    expect(third.commands).toEqual(['new/set OFF', 'siren/set OFF']);
    const fourth = third.restart([], []);
    fourth.outputs.linkUp('home');
    expect(fourth.commands).toEqual(['new/set OFF']);
  });

  test('start() leaves alone what another output drives now, and a broker that is gone', () => {
    const before = started();
    before.event({});
    const renamed = before.restart([], [{ ...siren, name: 'horn' }]);
    expect(renamed.commands).toEqual(['siren/set OFF']);
    expect(renamed.statuses.map(({ name, reason }) => [name, reason])).toContainEqual([
      'siren',
      'removed',
    ]);
    const other = started();
    other.event({});
    other.links.set('home', 'none');
    const after = other.restart([], []);
    expect(after.commands).toEqual([]);
    expect(after.statuses).toMatchObject([{ name: 'siren', reason: 'removed' }]);
    expect(after.restart([], []).statuses).toEqual([]);
  });

  test('configure() waits for a link that is down to leave an output safe', () => {
    const { event, commands, outputs, links, restart } = started();
    event({});
    links.set('home', 'down');
    commands.length = 0;
    outputs.configure([], [warm]);
    commands.length = 0;
    const after = restart([], []);
    expect(after.commands).toEqual([]);
    after.outputs.linkUp('home');
    expect(after.commands).toEqual(['siren/set OFF']);
    links.delete('home');
    outputs.linkUp('home');
    expect(commands).toEqual(['siren/set OFF']);
  });
});

describe('stop()', () => {
  test('stop() sends safe to every output and commands nothing afterwards', () => {
    const { event, clock, commands, outputs } = started([{ ...siren, leaseMs: 10_000 }]);
    event({});
    outputs.stop();
    event({ raises: 2 });
    outputs.linkUp('home');
    clock.advance(60_000);
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    expect(clock.timersMs()).toEqual([]);
  });
});

describe('flags', () => {
  const flag = (alert: Partial<Alert>): Parameters<typeof eventOf> => [
    alertOf(alert),
    { kind: 'flag', from: alert.state ?? 'active' },
  ];

  test('a shelf withholds what is there for people alone, and its end asserts it anew', () => {
    const lamp: OutputSpec = { ...siren, name: 'lamp', way: mqttWay('lamp/set') };
    const pump: OutputSpec = { ...siren, name: 'pump', way: mqttWay('pump/set') };
    const rule = ruleOf('freezer-warm', [
      claim({ output: 'lamp', span: 'unacknowledged' }),
      claim({ output: 'pump', span: 'open' }),
    ]);
    const { outputs, commands } = started([lamp, pump], [rule]);
    outputs.onAlert(eventOf(alertOf()));
    outputs.onAlert(eventOf(...flag({ shelvedUntil: wall(9_000), reason: 'shelved' })));
    expect(commands).toEqual(['lamp/set ON', 'pump/set ON', 'lamp/set OFF']);
    outputs.onAlert(eventOf(...flag({ reason: 'unshelved' })));
    expect(commands.slice(3)).toEqual(['lamp/set ON']);
  });

  test('out of service withholds every claim, and back in service asserts it anew', () => {
    const { outputs, commands } = started();
    outputs.onAlert(eventOf(alertOf()));
    outputs.onAlert(eventOf(...flag({ outOfService: true, reason: 'out_of_service' })));
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
    outputs.onAlert(eventOf(...flag({ state: 'acknowledged', reason: 'in_service' })));
    expect(commands.slice(2)).toEqual(['siren/set ON']);
  });

  test('the end of a flag does not bring back a claim that max_on has spent', () => {
    const { outputs, commands, clock } = started([{ ...siren, maxOnMs: 1_000 }]);
    outputs.onAlert(eventOf(alertOf()));
    clock.advance(1_000);
    outputs.onAlert(eventOf(...flag({ outOfService: true, reason: 'out_of_service' })));
    outputs.onAlert(eventOf(...flag({ reason: 'in_service' })));
    expect(commands).toEqual(['siren/set ON', 'siren/set OFF']);
  });

  test('start() leaves the claims of restored alerts withheld', () => {
    const { outputs, commands } = bench([siren], [warm]);
    outputs.start([alertOf({ outOfService: true })], new Map());
    expect(commands).toEqual(['siren/set OFF']);
  });
});
