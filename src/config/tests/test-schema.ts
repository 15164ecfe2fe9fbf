import * as v from 'valibot';
import { alertStates, conditions, flagReasons, reasons } from '../../domain/alert.ts';
import { qualities } from '../../domain/reading.ts';
import { severities } from '../../domain/rule.ts';
import {
  choice,
  duration,
  flag,
  isMap,
  key,
  level,
  list,
  mapWithPoints,
  mapWithRest,
  moment,
  namedMap,
  pick,
  setting,
  strictMap,
  text,
  whole,
} from '../text/schema-parts.ts';
import type { Salvaged } from '../text/shape.ts';

const textList = list(text, 'a list of texts');

const expectedAlert = pick(
  isMap,
  strictMap({
    state: key(choice(alertStates), 'State of the alert.'),
    condition: key(choice(conditions), 'What its last reading says of the limit.'),
    quality: key(choice(qualities), 'Quality of its last reading.'),
    severity: key(choice(severities), 'Present severity.'),
    severity_max: key(choice(severities), 'Highest severity of this occurrence.'),
    value: key(text, 'Value, in the unit of the point or with one.'),
    message: key(text, 'The message, word for word.'),
    raises: key(whole, 'How often it became active in this occurrence.'),
    acknowledged_by: key(text, 'Who acknowledged it.'),
    comment: key(text, 'Comment of the acknowledgement.'),
    latched: key(flag, 'Whether it waits for a reset.'),
    shelved: key(flag, 'Whether somebody has shelved it.'),
    suppressed_by: key(text, 'What keeps it from people by design, or nothing.'),
    out_of_service: key(flag, 'Whether somebody has taken it out of service.'),
    first_out: key(flag, 'Whether it was the first active of its group.'),
    reason: key(choice(reasons), 'Why it changed last.'),
    due: key(moment, 'When its running delay ends.'),
  }),
  choice(alertStates),
);

const expectedPoint = pick(
  isMap,
  strictMap({
    value: key(text, 'Last good value, in the unit of the point or with one.'),
    quality: key(choice(qualities), 'Quality of the last reading.'),
  }),
  text,
);

const expectation = mapWithRest(
  {
    outputs: key(namedMap(level, 'a map such as { siren: on }'), 'Level of each output.'),
    points: key(
      namedMap(expectedPoint, 'a map from points (device/metric) to values'),
      'Last readings.',
    ),
    notified: key(
      namedMap(whole, 'a map such as { kitchen: 1 }'),
      'How often each notifier was told something so far.',
    ),
    open: key(textList, 'Every alert that is not normal, and no other.'),
  },
  expectedAlert,
  'a map from alerts to states such as { freezer-warm: active }',
);

const reading = pick(
  isMap,
  strictMap({
    value: v.pipe(text, v.description('The value, with its unit if the device sends one.')),
    quality: key(choice(qualities), 'Quality that the device sends with it.'),
    age: key(duration, 'How old the device says the reading is.'),
  }),
  pick(Array.isArray, list(text, 'values that are taken in turn'), text),
);

const payload = strictMap({
  topic: v.pipe(text, v.description('Topic of the message.')),
  text: v.pipe(text, v.description('Its payload, word for word.')),
  broker: key(text, 'Broker of that topic (default embedded).'),
  retained: key(flag, 'Whether the broker had kept it (default false).'),
});

const restart = strictMap({
  down: key(duration, 'How long Limen is down (default 0).'),
  clock: key(
    choice(['known', 'lost']),
    'Whether the machine knows the time when it starts (default known).',
  ),
});

const configFile = pick(
  isMap,
  namedMap(v.unknown(), 'a config'),
  v.string('a config file, or a config as a map'),
);

const step = mapWithPoints(
  {
    at: key(moment, 'When it happens.'),
    every: key(duration, 'Sends the readings of this step again and again.'),
    from: key(moment, 'When every: begins (default: at the step above).'),
    to: key(moment, 'When every: ends (default: until a later step has one of its points).'),
    clock: key(text, 'The wall clock is set: +1h, -10m; found: it is right again.'),
    payload: key(payload, 'A message, word for word.'),
    acknowledge: key(text, 'The alert that somebody acknowledges.'),
    set: key(
      namedMap(setting, 'a map such as { siren: off }'),
      'Outputs that somebody holds on or off by hand, or leaves to the alerts: auto.',
    ),
    reset: key(text, 'The latched alert or the tripped output that somebody resets.'),
    shelve: key(text, 'The alert that somebody shelves, with for: or one_shot: beside it.'),
    for: key(duration, 'How long it is shelved, or held (default of set: 1h).'),
    one_shot: key(flag, 'It is shelved until it is normal again.'),
    unshelve: key(text, 'The alert whose shelf somebody ends.'),
    out_of_service: key(text, 'The alert that somebody takes out of service.'),
    in_service: key(text, 'The alert that somebody puts back into service.'),
    by: key(text, 'Who does that (default: somebody).'),
    comment: key(text, 'What they say.'),
    refused: key(flag, 'Limen must refuse it (default false).'),
    disconnect: key(text, 'The other broker that Limen loses.'),
    connect: key(text, 'The other broker that is there again.'),
    reload: key(
      configFile,
      'Another config goes into force: a file, relative to this one, or a map.',
    ),
    restart: key(restart, 'Limen is killed and starts again.'),
    expect: key(expectation, 'What must hold then.'),
  },
  reading,
);

const event = strictMap({
  at: key(moment, 'When.'),
  alert: v.pipe(text, v.description('The rule, or rule/device/metric.')),
  from: key(choice(alertStates), 'State before.'),
  to: v.pipe(choice(alertStates), v.description('State after.')),
  reason: key(choice(reasons), 'Why.'),
  severity: key(choice(severities), 'Severity after.'),
  notify: key(textList, 'Notifiers that are told, and no other.'),
});

const alertFlag = strictMap({
  at: key(moment, 'When.'),
  alert: v.pipe(text, v.description('The rule, or rule/device/metric.')),
  reason: v.pipe(choice(flagReasons), v.description('What was set or ended.')),
  notify: key(textList, 'Notifiers that are told, and no other.'),
});

const command = strictMap({
  at: key(moment, 'When.'),
  output: v.pipe(text, v.description('Which output.')),
  to: v.pipe(level, v.description('Level after.')),
});

const test = strictMap({
  name: v.pipe(text, v.description('What is tested, as a sentence.')),
  steps: v.pipe(list(step, 'a list of steps'), v.description('What happens, in order of time.')),
  events: key(list(event, 'a list of events'), 'All changes of alerts in order, nothing else.'),
  flags: key(
    list(alertFlag, 'a list of flags'),
    'All flags that are set or ended, in order, nothing else.',
  ),
  commands: key(
    list(command, 'a list of commands'),
    'All changes of outputs in order, nothing else.',
  ),
  ignore: key(
    textList,
    'Rules whose changes events: and flags: need not list; limen.* is all of Limen.',
  ),
});

/** The shape of a `*.test.yaml`: types, checks and the JSON schema come from here. */
export const testSchema = strictMap({
  config: key(
    configFile,
    'Config file, relative to this file, or a config as a map (default: the one beside this file).',
  ),
  tests: v.pipe(list(test, 'a list of tests'), v.description('The tests; each starts anew.')),
});

/** Keys of `expect:` that are not alerts. */
export const expectKeys = ['outputs', 'points', 'notified', 'open'] as const;

/** A test file as it is written, without what is wrong. */
export type TestInput = Salvaged<v.InferOutput<typeof testSchema>>;
export type ScriptInput = Salvaged<v.InferOutput<typeof test>>;
export type StepInput = Salvaged<v.InferOutput<typeof step>>;
export type ExpectationInput = Salvaged<v.InferOutput<typeof expectation>>;
export type ExpectedAlertInput = Salvaged<v.InferOutput<typeof expectedAlert>>;
export type ExpectedPointInput = Salvaged<v.InferOutput<typeof expectedPoint>>;
export type ReadingInput = Salvaged<v.InferOutput<typeof reading>>;
