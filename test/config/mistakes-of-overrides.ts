import type { MistakeCase } from './mistake-case.ts';

function overriding(text: string): string {
  return `points:
  freezer-*/temperature: { unit: °C }
rules:
  warm:
    points: freezer-*/temperature
    above: { warning: -18 °C, critical: -15 °C }
    on_delay: 10m
    overrides: { ${text} }
`;
}

/** What is different about some points of a rule. */
export const overrides: readonly MistakeCase[] = [
  {
    text: overriding('¦friezer-3: { on_delay: 1m }'),
    message: 'no point of the rule matches "friezer-3"',
    allowed: 'a device, or device/metric, of freezer-*/temperature',
    suggestion: 'freezer-*',
  },
  {
    text: overriding('¦freezer-3/humidity: { on_delay: 1m }'),
    message: 'no point of the rule matches "freezer-3/humidity"',
    allowed: 'a device, or device/metric, of freezer-*/temperature',
  },
  {
    text: overriding('on_delay: ¦1m'),
    message: 'found "1m"',
    allowed: 'a map with the keys above, below,',
    suggestion: '<device>: { on_delay: … }',
  },
  {
    text: overriding('¦deadbnd: {}'),
    message: 'no point of the rule matches "deadbnd"',
    allowed: 'a device, or device/metric, of freezer-*/temperature',
    suggestion: '<device>: { deadband: … }',
  },
  {
    text: overriding('freezer-3: { ¦below: -30 }'),
    message: 'below: in an override of a rule with above:',
    allowed: 'above',
  },
  {
    text: overriding('freezer-3: { above: ¦-12 °C }'),
    message: 'found one limit, where the rule has one for each severity',
    allowed: 'a map such as { warning: …, critical: … }',
  },
  {
    text: overriding('¦freezer-3: { above: { warning: -12 °C } }'),
    message:
      'with the override of "freezer-3", -15 °C does not lie further out than -12 °C of warning',
    allowed: 'a higher limit for the more severe level',
  },
  {
    text: overriding('freezer-3: { above: { critical: ¦-19 °C } }'),
    message: '-19 °C does not lie further out than -18 °C of warning',
    allowed: 'a higher limit for the more severe level',
  },
  {
    text: overriding(
      'freezer-3: { above: { warning: -16 °C } }, "*-3": { above: { critical: ¦-17 °C } }',
    ),
    message: '-17 °C does not lie further out than -16 °C of warning',
    allowed: 'a higher limit for the more severe level',
  },
  {
    text: overriding('freezer-3: { above: { warning: ¦-17 kg } }'),
    message: 'kg does not fit freezer-*/temperature, which is in °C',
    allowed: 'a number, or a unit like °C',
  },
  {
    text: overriding('freezer-3: { on_delay: { ¦info: 1m } }'),
    message: 'the rule has no limit for info',
    allowed: 'warning, critical',
  },
  {
    text: overriding('freezer-3: { ¦severity: critical }'),
    message: 'severity: beside a limit for each severity',
    allowed: 'severity: beside a single limit',
  },
  {
    text: overriding('freezer-3: { ¦then: [] }'),
    message: 'unknown key "then"',
    allowed: 'above, below,',
  },
  {
    text: overriding('freezer-3: { message: ¦"{devise}" }'),
    message: 'unknown field "{devise}"',
    allowed: '{device}',
    suggestion: '{device}',
  },
  {
    text: overriding('¦freezer-3: {}'),
    message: 'found an empty map',
    allowed: 'what is different',
  },
];
