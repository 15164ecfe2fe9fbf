// What becomes of outputs at the pins of boards: boards that are away, lie, refuse and come back.
import { expect, test } from 'vitest';
import { createOutputs, type Outputs } from '../../../src/consumers/outputs/outputs.ts';
import type { PinDevice } from '../../../src/domain/board.ts';
import { drivenPins, type OutputSpec, type OutputStatus } from '../../../src/domain/output.ts';
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
} from '../fixtures.ts';

const pinWay = (pin: string, device: PinDevice = { kind: 'relay' }): OutputSpec['way'] => ({
  kind: 'pin',
  board: 'bench',
  pin,
  inverted: false,
  device,
});
const siren: OutputSpec = {
  name: 'siren',
  way: pinWay('7'),
  safe: 'off',
  idle: 'off',
  onUnknown: null,
  ...unprotected,
};
const claim = { kind: 'claim', output: 'siren', level: 'on', span: 'raised' } as const;
const warm = ruleOf('freezer-warm', [claim]);

interface Bench {
  readonly outputs: Outputs;
  readonly clock: FakeClock;
  /** What reached the board, as `<pin> <level>`; it answers with nothing by itself. */
  readonly driven: string[];
  readonly faults: string[];
  /** Why they were told to fail. */
  readonly problems: string[];
  readonly texts: (string | null)[];
  status(): OutputStatus | undefined;
}

function started(specs: readonly OutputSpec[] = [siren]): Bench {
  const clock = createFakeClock();
  const journal = memoryJournal();
  const driven: string[] = [];
  const faults: string[] = [];
  const problems: string[] = [];
  const texts: (string | null)[] = [];
  let isUp = false;
  const outputs = createOutputs({
    specs,
    rules: [warm],
    clock,
    log: memoryLog(),
    metrics: createMetrics(),
    journal,
    engineMs: () => clock.monotonicMs() as EngineMs,
    wallMs: () => clock.wallMs(),
    publish: () => undefined,
    drive({ pin, level, text }) {
      if (!isUp) return;
      driven.push(`${pin} ${level}`);
      texts.push(text);
    },
    programs: { run: () => undefined },
    gpio: { hold: () => undefined },
    isClockTrusted: () => true,
    fault(output, isThere, problem) {
      faults.push(`${output} ${isThere ? 'fails' : 'obeys'}`);
      if (isThere) problems.push(problem);
    },
    linkOf: () => 'none',
    publishStatus: () => undefined,
  });
  outputs.start([], new Map());
  const { boards } = outputs;
  return {
    clock,
    driven,
    faults,
    problems,
    texts,
    status: () => outputs.statuses()[0],
    outputs: {
      ...outputs,
      boards: {
        ...boards,
        up(board) {
          isUp = true;
          boards.up(board);
        },
        down(board, problem) {
          isUp = false;
          boards.down(board, problem);
        },
      },
    },
  };
}

/** A board that is up and shows its safe level. */
function up(specs?: readonly OutputSpec[]): Bench {
  const made = started(specs);
  made.outputs.boards.up('bench');
  made.outputs.boards.shows('bench', '7', 'off');
  made.driven.length = 0;
  return made;
}

test('drivenPins() tells each board what it drives', () => {
  const lamp: OutputSpec = { ...siren, name: 'lamp', way: pinWay('8') };
  const pin = { device: { kind: 'relay' }, safe: 'off', inverted: false };
  expect(drivenPins([siren, lamp])).toEqual(
    new Map([
      [
        'bench',
        [
          { ...pin, pin: '7' },
          { ...pin, pin: '8' },
        ],
      ],
    ]),
  );
});

test('an output whose board is not there yet is safe, whoever wants it, and driven as soon as it is', () => {
  const { outputs, driven, status, faults, clock } = started();
  outputs.onAlert(eventOf(alertOf()));
  expect(status()).toMatchObject({
    state: 'unknown',
    commanded: 'off',
    reason: 'lease_lost',
    detail: 'the board bench has not answered yet',
  });
  clock.advance(10_000);
  expect(faults).toEqual(['siren fails']);
  outputs.boards.up('bench');
  expect(driven).toEqual(['7 off', '7 on']);
  clock.advance(0);
  expect(faults).toEqual(['siren fails', 'siren obeys']);
});

test('another pin does not make an output obey whose board is away', () => {
  const { outputs, faults, clock } = started();
  clock.advance(10_000);
  outputs.configure([{ ...siren, way: pinWay('8') }], []);
  clock.advance(60_000);
  expect(faults).toEqual(['siren fails']);
  outputs.boards.up('bench');
  clock.advance(0);
  expect(faults).toEqual(['siren fails', 'siren obeys']);
});

test('each other pin has its own time to fail, however soon it comes after another one', () => {
  const { outputs, faults, clock } = started();
  clock.advance(10_000);
  outputs.configure([{ ...siren, way: pinWay('8') }], []);
  clock.advance(55_000);
  outputs.configure([{ ...siren, way: pinWay('9') }], []);
  clock.advance(60_000);
  expect(faults).toEqual(['siren fails']);
});

test('another pin of a board that is there makes it obey when it has had time to fail', () => {
  const { outputs, faults, clock } = up();
  outputs.boards.down('bench', 'its pin 7 cannot be driven');
  clock.advance(10_000);
  outputs.boards.up('bench');
  outputs.boards.down('bench', 'its pin 7 cannot be driven');
  clock.advance(10_000);
  const before = faults.length;
  outputs.configure([{ ...siren, way: pinWay('8') }], []);
  outputs.boards.up('bench');
  clock.advance(60_000);
  expect(faults.slice(before)).toEqual(['siren obeys']);
});

test('what is told of a board that is away is why it is so by then', () => {
  const { outputs, clock, problems } = started();
  clock.advance(2_000);
  outputs.boards.down('bench', 'its pin 13 cannot be driven');
  clock.advance(8_000);
  expect(problems).toEqual([
    'The output siren fails: the board bench is away: its pin 13 cannot be driven',
  ]);
});

test('the state of a pin is what the board reads back, never what was commanded', () => {
  const { outputs, status } = up();
  outputs.onAlert(eventOf(alertOf()));
  expect(status()).toMatchObject({ commanded: 'on', state: 'off' });
  outputs.boards.shows('bench', '7', 'on');
  expect(status()).toMatchObject({ commanded: 'on', state: 'on' });
  outputs.boards.shows('bench', '7', null);
  expect(status()).toMatchObject({ commanded: 'on', state: 'unknown' });
});

test('a board that goes away takes its outputs to safe; back again they get what is wanted now', () => {
  const { outputs, driven, status } = up();
  outputs.onAlert(eventOf(alertOf()));
  outputs.boards.shows('bench', '7', 'on');
  outputs.boards.down('bench', 'unplugged');
  expect(status()).toMatchObject({
    state: 'unknown',
    commanded: 'off',
    reason: 'lease_lost',
    detail: 'the board bench is away: unplugged',
  });
  driven.length = 0;
  outputs.boards.up('bench');
  expect(driven).toEqual(['7 off', '7 on']);
  outputs.boards.down('bench', 'reset');
  outputs.onAlert(eventOf(alertOf({ state: 'normal', condition: 'clear' }), { from: 'active' }));
  driven.length = 0;
  outputs.boards.up('bench');
  expect(driven).toEqual(['7 off']);
});

test('a board that is away for a moment only is no reason to wake anybody', () => {
  const { outputs, faults, clock } = up();
  outputs.boards.down('bench', 'reset');
  clock.advance(5_000);
  outputs.boards.up('bench');
  clock.advance(60_000);
  expect(faults).toEqual([]);
});

test('a pin that shows another level than commanded is set again, and then has failed and trips', () => {
  const { outputs, driven, status, faults, clock } = up();
  outputs.onAlert(eventOf(alertOf()));
  clock.advance(5_999);
  expect(driven).toEqual(['7 on', '7 on', '7 on']);
  clock.advance(1);
  expect(status()).toMatchObject({ commanded: 'off', reason: 'trip' });
  clock.advance(0);
  expect(faults).toEqual(['siren fails']);
});

test('a command that is refused once is given again; refused three times the output has failed', () => {
  const { outputs, driven, status, clock } = up();
  outputs.onAlert(eventOf(alertOf()));
  outputs.boards.refused('bench', '7', 'busy');
  expect(status()?.commanded).toBe('on');
  clock.advance(1_000);
  expect(driven).toEqual(['7 on', '7 on']);
  outputs.boards.shows('bench', '7', 'on');
  for (let times = 0; times < 3; times += 1) outputs.boards.refused('bench', '7', 'busy');
  expect(status()).toMatchObject({ commanded: 'off', reason: 'trip' });
});

test('a refusal by which the board is found to be away trips nothing', () => {
  const { outputs, status } = up();
  outputs.onAlert(eventOf(alertOf()));
  outputs.boards.refused('bench', '7', 'no answer');
  outputs.boards.down('bench', 'no answer');
  expect(status()?.trip).toBeNull();
  outputs.boards.up('bench');
  expect(status()).toMatchObject({ commanded: 'on', reason: 'claim' });
});

test('outputs that exclude each other wait while the board of one is away', () => {
  const lamp: OutputSpec = {
    ...siren,
    name: 'siren',
    way: { kind: 'mqtt', broker: 'home', topic: 'x', payloads: { on: 'on', off: 'off' } },
    neverWith: ['motor'],
  };
  const motor: OutputSpec = { ...siren, name: 'motor' };
  const { outputs } = up([lamp, motor]);
  outputs.onAlert(eventOf(alertOf()));
  expect(outputs.statuses()[0]?.commanded).toBe('on');
  outputs.boards.down('bench', 'unplugged');
  expect(outputs.statuses()[0]).toMatchObject({ commanded: 'off', reason: 'interlock' });
  outputs.boards.up('bench');
  expect(outputs.statuses()[0]?.commanded).toBe('off');
  outputs.boards.shows('bench', '7', 'off');
  expect(outputs.statuses()[0]?.commanded).toBe('on');
});

test('outputs that exclude each other: one that was told to be on counts as on before it is read back', () => {
  const motor: OutputSpec = { ...siren, name: 'motor', way: pinWay('8'), neverWith: ['siren'] };
  const { outputs } = up([siren, motor]);
  outputs.boards.shows('bench', '8', 'off');
  const by = { by: 'anna', comment: null, order: null, sentAt: null };
  const asked = { act: 'set', output: 'motor', value: 'on', holdMs: 60_000, ...by } as const;
  expect(outputs.command(asked, seq(1))).toBeNull();
  expect(outputs.statuses()[1]).toMatchObject({ commanded: 'on', state: 'off' });
  outputs.onAlert(eventOf(alertOf()));
  expect(outputs.statuses()[0]).toMatchObject({ commanded: 'off', reason: 'interlock' });
  // Told to be off and still on, it forbids as well: what was told is no proof.
  outputs.boards.shows('bench', '8', 'on');
  outputs.command({ ...asked, value: 'off' }, seq(2));
  expect(outputs.statuses()[0]).toMatchObject({ commanded: 'off', reason: 'interlock' });
  outputs.boards.shows('bench', '8', 'off');
  expect(outputs.statuses()[0]).toMatchObject({ commanded: 'on', reason: 'claim' });
});

test('a display is told the message of the alert that owns it, and anew when another one does', () => {
  const lcd = { kind: 'lcd', pins: ['2'], columns: 16, rows: 2 } as const;
  const { outputs, texts, driven } = up([{ ...siren, way: pinWay('7', lcd) }]);
  texts.length = 0;
  outputs.onAlert(eventOf(alertOf({ message: 'too warm' })));
  outputs.onAlert(
    eventOf(alertOf({ device: 'freezer-2', severity: 'critical', message: 'far too warm' })),
  );
  expect(driven).toEqual(['7 on', '7 on']);
  expect(texts).toEqual(['too warm', 'far too warm']);
});
