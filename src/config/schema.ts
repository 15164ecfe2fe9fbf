import * as v from 'valibot';
import { claimSpans, latePolicies, notifyEdges, severities } from '../domain/rule.ts';
import { weekdays } from '../domain/schedule.ts';
import { checkKinds, endians, fieldTypes } from '../domain/serial.ts';
import { pinDevices } from '../domain/board.ts';
import { configLimits } from './limits.ts';
import { boardPins, i2cSensors } from './sources/board-pins-shape.ts';
import {
  aggregate,
  choice,
  date,
  duration,
  durationUpTo,
  expressionInputs,
  flag,
  isMap,
  key,
  level,
  list,
  namedMap,
  number,
  perLevel,
  pick,
  quantity,
  range,
  rate,
  section,
  strictMap,
  text,
  timeOfDay,
  whole,
} from './text/schema-parts.ts';

const textList = list(text, 'a list of texts');

const broker = strictMap(
  {
    listen: key(textList, 'Where clients connect: mqtt:// or ws://; port 0 picks a free one.'),
    anonymous: key(choice(['loopback', 'never']), 'Who may connect without a password.'),
  },
  ['tls'],
);

const namedBroker = strictMap(
  {
    url: v.pipe(text, v.description('mqtt://host:port')),
    username: key(text, 'User name at that broker.'),
    password: key(text, 'Password; better in a file of its own.'),
    password_file: key(text, 'File with the password, relative to this file.'),
  },
  ['ca_file', 'tls'],
);

const publish = strictMap({
  prefix: key(text, 'First level of the topics that Limen publishes (default limen).'),
  to: key(textList, 'Brokers to publish on: embedded and names of brokers (default [embedded]).'),
});

const http = strictMap(
  { listen: key(text, 'Address of the page and the API (default http://127.0.0.1:8080).') },
  ['tls'],
);

const storage = strictMap(
  {
    directory: key(text, 'Folder for all data, relative to this file (default ../data).'),
    commit_delay: key(
      durationUpTo(configLimits.commitDelayMsMax),
      'Average time between small commits (default 250ms).',
    ),
  },
  ['keep_readings', 'keep_rollups', 'max_bytes'],
);

const frame = strictMap({
  start: key(text, 'Bytes that a frame begins with, in hex: 42 4d.'),
  length: key(whole, 'Bytes of a frame in all, checksum included.'),
  length_at: key(whole, 'Place of the byte that says the length, from 0.'),
  length_plus: key(whole, 'Added to that byte to get the bytes in all (default 0).'),
  between: key(text, 'What stands between frames instead: slip, cobs or bytes in hex.'),
});

const check = strictMap({
  kind: v.pipe(choice(checkKinds), v.description('How it is calculated.')),
  at: key(whole, 'Its place; below 0: counted from the end (default: the end).'),
  from: key(whole, 'The first byte it covers (default 0).'),
  endian: key(choice(endians), 'Which of two bytes is first (default big; crc16_modbus: little).'),
});

const field = strictMap({
  at: v.pipe(whole, v.description('Place of its first byte, from 0.')),
  type: v.pipe(choice(fieldTypes), v.description('How the number lies there.')),
  endian: key(choice(endians), 'Which byte is first (default little).'),
  scale: key(number, 'The number is multiplied by this (default 1).'),
  offset: key(number, 'Then this is added (default 0).'),
  unit: key(text, 'Its unit.'),
});

const source = strictMap(
  {
    mqtt: key(text, 'Topic with {device} and, unless the payload names it, {metric}.'),
    broker: key(text, 'Broker of that topic (default embedded).'),
    simulate: key(text, 'A scripted device that reports over a real MQTT connection.'),
    serial: key(text, 'A serial port by a name that stays: /dev/serial/by-id/...'),
    device: key(text, 'Device of the readings of that port.'),
    format: key(
      text,
      'Convention of its lines: limen, ndjson, csv, key_value, nmea, regex or frames.',
    ),
    baud: key(whole, 'Its speed (default 9600; limen: 115200, nmea: 4800).'),
    bits: key(text, 'Data bits, parity, stop bits: 8N1 (default) or 7E1.'),
    reopen_after: key(
      duration,
      'Silence after which it is opened anew; 0: never (default: 5 times its usual pause).',
    ),
    columns: key(list(text, 'a list of names'), 'csv: metrics by column, _ for none.'),
    separator: key(text, 'csv: what stands between columns (default: found by itself).'),
    pattern: key(text, 'regex: RE2 syntax, its named groups are metrics: T=(?P<temp>[0-9.]+)'),
    frame: key(frame, 'frames: where a binary frame begins and ends.'),
    check: key(check, 'frames: its checksum.'),
    fields: key(namedMap(field, 'a map from metrics to their places'), 'frames: its numbers.'),
    firmata: key(text, 'The port of a board with StandardFirmata: /dev/serial/by-id/...'),
    pins: key(boardPins, 'limen, firmata: the pins of the board that are read.'),
    i2c: key(i2cSensors, 'firmata: sensors on the I2C bus of the board.'),
    lease: key(
      duration,
      'limen: the board goes safe by itself when it hears nothing for so long (default 10s).',
    ),
    id: key(text, 'limen: the id of the board; another one is refused (default: any).'),
  },
  [],
);

const calibration = strictMap({
  from: key(date, 'First day (UTC) or moment it holds for (default: from the beginning).'),
  scale: key(number, 'The converted number is multiplied by this (default 1).'),
  offset: key(number, 'Then this is added, in the unit of the point (default 0).'),
});

const point = strictMap({
  unit: key(text, 'Unit of the readings, unless they carry one.'),
  valid: key(range, 'Readings outside this range are stored as bad.'),
  expect_every: key(
    duration,
    'A reading is expected this often; after 3 times it is stale (default: learned).',
  ),
  at_least: key(whole, 'How many points a glob must find.'),
  via: key(text, 'What it comes through: with it lost, one alert for all its points.'),
  calibrations: key(
    list(calibration, 'a list of calibrations'),
    'How readings are corrected, each entry from its date on.',
  ),
  expression: key(text, 'Calculates the point from others: t - (100 - rh) / 5.'),
  inputs: key(expressionInputs, 'The names in the expression: { t: shed/temperature °C }.'),
});

const action = strictMap(
  {
    output: key(text, 'Output to hold while the alert lives.'),
    set: key(level, 'Level of the output (default on).'),
    while: key(choice(claimSpans), 'How long it is held (default raised).'),
    notify: key(text, 'Notifier to call.'),
    on: key(
      list(choice(notifyEdges), 'a list such as [active, escalated]'),
      'When to call it (default [active]).',
    ),
  },
  ['group'],
);

/** A condition of a compound rule: a comparison, or several conditions in one. */
export interface MemberInput {
  readonly points?: v.InferOutput<typeof pointsText> | undefined;
  readonly above?: v.InferOutput<typeof quantity> | undefined;
  readonly below?: v.InferOutput<typeof quantity> | undefined;
  readonly outside?: v.InferOutput<typeof range> | undefined;
  readonly inside?: v.InferOutput<typeof range> | undefined;
  readonly equals?: v.InferOutput<typeof text> | undefined;
  readonly deadband?: v.InferOutput<typeof quantity> | undefined;
  readonly all?: readonly MemberInput[] | undefined;
  readonly any?: readonly MemberInput[] | undefined;
  readonly at_least?: { readonly n: number; readonly of: readonly MemberInput[] } | undefined;
}

const membersExpected = 'a list of conditions such as { points: door/state, equals: open }';

const pointsText = pick(Array.isArray, textList, text);

// The JSON schema, which asks without an input, shows one level: it has no end.
const innerMembers = v.lazy((input): v.GenericSchema =>
  input === undefined ? list(v.record(v.string(), v.unknown()), membersExpected) : members,
) as v.GenericSchema as v.GenericSchema<readonly MemberInput[]>;

const memberKeys = {
  points: key(pointsText, 'Points as device/metric; a glob counts once for each point it matches.'),
  above: key(quantity, 'True above this limit.'),
  below: key(quantity, 'True below this limit.'),
  outside: key(range, 'True outside this range.'),
  inside: key(range, 'True inside this range.'),
  equals: key(text, 'True at this state, number or boolean.'),
  deadband: key(quantity, 'How far back behind the limit it is over, while the alert is raised.'),
  all: key(innerMembers, 'Instead of points: true if all of these are.'),
  any: key(innerMembers, 'Instead of points: true if one of these is.'),
  at_least: key(
    strictMap({ n: whole, of: innerMembers }),
    'Instead of points: true if n of these are.',
  ),
};

const member = strictMap(memberKeys);

const members = list(member, membersExpected);

const activeKeys = {
  from: key(timeOfDay, 'Time of day at which people are told again.'),
  to: key(timeOfDay, 'Time of day from which nobody is told; before from: on the next day.'),
  days: key(
    list(choice(weekdays), 'a list such as [mon, tue]'),
    'Days on which it begins (default: every day).',
  ),
  zone: key(text, 'Time zone such as Europe/Berlin (default: that of the machine).'),
  ...memberKeys,
};

const activeWhen = strictMap({
  ...activeKeys,
  all: key(
    list(strictMap(activeKeys), 'a list of schedules and conditions'),
    'People are told while all of these hold: schedules and conditions.',
  ),
});

const compoundKeys = {
  all: key(members, 'Raise if all of these are true; instead of points and a limit.'),
  any: key(members, 'Raise if one of these is true; instead of points and a limit.'),
  at_least: key(
    strictMap({
      n: v.pipe(whole, v.description('How many.')),
      of: v.pipe(members, v.description('Of these.')),
    }),
    'Raise if so many of these are true; instead of points and a limit.',
  ),
  expression: key(text, 'Raise while this is true; instead of points and a limit.'),
  inputs: section(expressionInputs, 'The names in the expression: { t: shed/temperature °C }.'),
  about: key(text, 'Device of the alert of a rule over several points (default: its name).'),
};

const chainStep = strictMap({
  after: v.pipe(duration, v.description('Time since the raise.')),
  notify: v.pipe(text, v.description('Notifier to call.')),
});

const limitKeys = {
  above: key(perLevel(quantity), 'Raise above this limit.'),
  below: key(perLevel(quantity), 'Raise below this limit.'),
  outside: key(perLevel(range), 'Raise outside this range.'),
  inside: key(perLevel(range), 'Raise inside this range.'),
  equals: key(perLevel(text), 'Raise at this state, number or boolean.'),
  changes_to: key(perLevel(text), 'Raise when it becomes this state, number or boolean.'),
  silent_for: key(perLevel(duration), 'Raise without a reading for this long.'),
  stuck_for: key(perLevel(duration), 'Raise if the value has not moved for this long.'),
  tolerance: key(quantity, 'How far it may move and still be stuck (default 0).'),
  rate_above: key(perLevel(rate), 'Raise if it changes faster than this, in its window.'),
  rate_below: key(perLevel(rate), 'Raise if it changes slower than this, in its window.'),
};

const delayKeys = {
  severity: key(choice(severities), 'Severity of a single limit (default warning).'),
  deadband: key(perLevel(quantity), 'How far back behind the limit clears (default 0).'),
  on_delay: key(perLevel(duration), 'How long the limit must be passed (default 0).'),
  off_delay: key(duration, 'How long it must be clear (default 0).'),
};

const unknown = key(choice(['hold', 'raise']), 'What bad or missing data does (default hold).');

const message = key(text, 'Text of the alert; {device} {value} {unit} and others are filled in.');

const overrideParts = { ...limitKeys, ...delayKeys, unknown, message };

/** What may be different about a device or point. */
export const overrideKeys: readonly string[] = Object.keys(overrideParts);

const override = strictMap(overrideParts);

const rule = strictMap({
  points: key(pointsText, 'Points as device/metric; * stands for any text within one part.'),
  ...limitKeys,
  ...compoundKeys,
  window: key(
    durationUpTo(configLimits.windowMsMax),
    'The last stretch of time, judged instead of the value.',
  ),
  of: key(aggregate, 'What of the window is compared with the limits.'),
  ...delayKeys,
  acknowledge: key(
    choice(['required', 'not_required']),
    'Whether a person must acknowledge (default: once it was critical).',
  ),
  acknowledge_with: key(
    pick(
      isMap,
      strictMap({
        point: v.pipe(text, v.description('A point as device/metric.')),
        equals: key(text, 'The state that acknowledges (default true, or any number but 0).'),
      }),
      text,
    ),
    'A point whose change to true acknowledges: a button.',
  ),
  latch: key(flag, 'Stay raised until a person resets it (default false).'),
  unknown,
  shelve_max: key(duration, 'Longest time an alert may be shelved (default 8h; 0: never).'),
  late: key(choice(latePolicies), 'What becomes of late readings (default history_only).'),
  late_after: key(duration, 'A reading older than this at arrival is late (default 2m).'),
  active_when: key(activeWhen, 'When people are told; else the alert is suppressed.'),
  settle: key(duration, 'How long nobody is told after that begins (default: the on_delay).'),
  message,
  then: section(list(action, 'a list of actions'), 'What the alert does.'),
  group: key(text, 'Alerts of one group tell which of them was first.'),
  chain: key(
    list(chainStep, 'a list of steps'),
    'Who else is told while nobody acknowledges, and when.',
  ),
  repeat: key(
    list(duration, 'a list of durations'),
    'When everybody is told again; the last one goes on.',
  ),
  re_alarm: key(duration, 'After this an acknowledged alert is active again (default: never).'),
  overrides: section(
    namedMap(override, 'a map from devices, or device/metric, to what is different there'),
    'What is different about a device or point; all entries that match merge in file order.',
  ),
});

const program = list(text, 'a program and its arguments, such as [/usr/local/bin/pump, on]');

const output = strictMap({
  mqtt: key(
    strictMap({
      broker: key(text, 'Broker of the topic (default embedded).'),
      topic: v.pipe(text, v.description('Topic that switches the device.')),
      on: key(
        text,
        'Payload for on (default on); {lease_s} is the lease in seconds, {seq} a rising number.',
      ),
      off: key(text, 'Payload for off (default off).'),
    }),
    'A device that is switched by an MQTT topic.',
  ),
  command: key(
    strictMap({
      on: v.pipe(program, v.description('Program and arguments that switch it on; no shell.')),
      off: v.pipe(program, v.description('Program and arguments that switch it off.')),
    }),
    'A device that is switched by a program; exit code 0: done.',
  ),
  pin: key(
    strictMap({
      board: v.pipe(text, v.description('The device of a source that is a board.')),
      pin: key(text, 'The pin as the board names it: 7, A0; lcd has pins instead.'),
      inverted: key(flag, 'The pin is low while the device is on (default false).'),
      device: key(choice(pinDevices), 'What stands there (default relay); others need firmata.'),
      on: key(number, 'led: brightness to 255; servo: degrees to 180 (default: the most).'),
      off: key(number, 'led, servo: the same while it is off (default 0).'),
      pins: key(list(text, 'a list of pins'), 'lcd: the pins of RS, E, D4, D5, D6, D7.'),
      columns: key(whole, 'lcd: characters in a line (default 16).'),
      rows: key(whole, 'lcd: lines (default 2).'),
    }),
    'A device at a pin of a board.',
  ),
  gpio: key(
    strictMap({
      chip: v.pipe(text, v.description('The GPIO chip of this machine: gpiochip0.')),
      line: v.pipe(whole, v.description('The line of the chip, as gpioinfo lists it.')),
      inverted: key(flag, 'The line is low while the device is on (default false).'),
    }),
    'A device at a GPIO line of this machine, by gpioset of libgpiod.',
  ),
  safe: key(level, 'The safe level (default off).'),
  idle: key(level, 'The level without a claim (default: safe).'),
  on_unknown: key(choice(['hold', 'safe']), 'What it does when its reason becomes unknown.'),
  max_on: key(duration, 'Longest time on without a break.'),
  min_on: key(duration, 'Shortest time on, once nobody claims it any more.'),
  min_off: key(duration, 'Shortest time off before it is on again: protects a compressor.'),
  pulse: key(duration, 'On for so long, once for each claim; instead of max_on.'),
  never_with: key(textList, 'Outputs that are never on together with it.'),
  only_while: key(member, 'On only while this is true; unknown is not true.'),
  feedback: key(
    strictMap({
      point: v.pipe(text, v.description('The point that shows what the device does.')),
      within: key(duration, 'A command is to be seen within this (default 5s).'),
      retries: key(whole, 'How often it is sent again before it has failed (default 2).'),
    }),
    'A point on which the commanded level must be seen.',
  ),
  ttl: key(duration, 'A command that says when it was given is refused once older (default 1m).'),
  lease: key(duration, 'The device goes off by itself unless renewed within this time.'),
});

const notifier = strictMap({
  webhook: key(
    strictMap({ url: v.pipe(text, v.description('http:// or https://')) }),
    'An HTTP POST.',
  ),
  command: key(textList, 'A program and its arguments; the alert comes as JSON on its input.'),
});

const heartbeat = strictMap({
  url: v.pipe(text, v.description('http:// or https://')),
  every: key(duration, 'How often (default 5m).'),
});

/** The shape of `config/limen.yaml`: types, checks and the JSON schema come from here. */
export const configSchema = strictMap({
  site: key(text, 'Name of this installation (default limen).'),
  broker: section(broker, 'The MQTT broker inside Limen.'),
  brokers: section(
    namedMap(namedBroker, 'a map from names to brokers'),
    'Brokers that already run.',
  ),
  publish: section(publish, 'What Limen publishes, and where.'),
  http: section(http, 'The page, the API, /healthz, /readyz and /metrics.'),
  storage: section(storage, 'Where the data is kept.'),
  clock: key(choice(['ntp', 'rtc', 'always']), 'When the wall clock is trusted (default ntp).'),
  sources: section(list(source, 'a list of sources'), 'Where readings come from.'),
  points: section(
    namedMap(point, 'a map from points (device/metric) to their settings'),
    'What is known about points; all entries that match merge in file order.',
  ),
  rules: section(namedMap(rule, 'a map from names to rules'), 'What raises an alert.'),
  outputs: section(namedMap(output, 'a map from names to outputs'), 'What Limen can switch.'),
  notifiers: section(namedMap(notifier, 'a map from names to notifiers'), 'Ways to reach people.'),
  heartbeat: section(heartbeat, 'A sign of life, sent only while everything works.'),
});

/** The config as it is written, once its shape is right. */
export type ConfigInput = v.InferOutput<typeof configSchema>;
