import type { Config } from '../../src/domain/config.ts';
import type { Point } from '../../src/domain/point.ts';
import { scheduleKey } from '../../src/domain/schedule.ts';
import { configOf } from '../channel/road.ts';
import { makePoint } from '../rules/bench.ts';

/** What is judged: all of a config that the engine sees. */
export type Plant = Pick<Config, 'rules' | 'points' | 'ownRules'>;

export const shelveMaxMs = 20_000;
export const doorStates = ['closed', 'open', 'ajar'];

/** The points of the plant; the last one is calculated. */
export const plantPoints: readonly Point[] = [
  makePoint(1, 'fridge-1', 'temperature', { unit: '°C' }),
  makePoint(2, 'fridge-2', 'temperature', { unit: '°C' }),
  makePoint(3, 'fridge-3', 'temperature', { unit: '°C' }),
  makePoint(4, 'room', 'humidity', { unit: '%' }),
  makePoint(5, 'room', 'door', { kind: 'text', states: doorStates }),
  makePoint(6, 'room', 'dew', { unit: '%' }),
];

/** A config that uses everything a rule can say. `index`: limits, delays, groups and rules differ. */
export function plantText(index: number): string {
  const warm = [5, 6, 4][index] ?? 5;
  const on = ['3s', '1s', '0s'][index] ?? '3s';
  return `
notifiers: { kitchen: { webhook: { url: "http://127.0.0.1:9/" } }, office: { webhook: { url: "http://127.0.0.1:9/" } } }
outputs:
  siren: { mqtt: { topic: siren/set, on: "1", off: "0" }, safe: off }
  compressor: { mqtt: { topic: compressor/set, on: "1", off: "0" }, safe: off }
sources: [{ mqtt: "sensors/{device}/{metric}" }]
points:
  "fridge-*/temperature": { expect_every: ${index === 1 ? '5s' : '2s'} }
  fridge-2/temperature: { via: gateway }
  fridge-3/temperature: { via: gateway }
  room/dew: { expression: "rh / 2", inputs: { rh: room/humidity }, unit: "%" }
rules:
  "limen.*": { acknowledge: required, shelve_max: 20s, then: [{ notify: kitchen }] }
  limen.stale: { group: house, repeat: [20s] }
  warm:
    points: fridge-*/temperature
    above: { warning: ${warm} °C, critical: 8 °C }
    deadband: 1
    on_delay: { warning: ${on}, critical: 1s }
    off_delay: 2s
    group: house
    repeat: [4s, 60s]
    chain: [{ after: 3s, notify: kitchen }, { after: 12s, notify: office }]
    re_alarm: 15s
    acknowledge_with: { point: room/door, equals: ajar }
    then: [{ notify: kitchen, on: [active, escalated, returned, normal] }, { output: siren, while: unacknowledged }, { output: compressor, set: on, while: raised }]
    overrides: { fridge-3: { above: { warning: 6 °C, critical: ${index === 2 ? 7 : 9} °C }, off_delay: 1s } }
  chatty: { points: fridge-1/temperature, above: 5 °C, acknowledge: not_required, repeat: [5s, 90s], chain: [{ after: 2s, notify: office }], then: [{ notify: kitchen, on: [active, normal] }, { output: siren, while: open }] }
  latched: { points: fridge-2/temperature, above: { warning: 4 °C, critical: 8 °C }, latch: true, off_delay: 1s, then: [{ notify: kitchen }, { output: siren, while: unacknowledged }] }
  band: { points: fridge-2/temperature, outside: [2, 7], deadband: 0.5, unknown: raise, acknowledge: not_required }
  quiet: { points: fridge-*/temperature, silent_for: 5s, off_delay: 1s }
  hours: { points: fridge-1/temperature, above: 4.5 °C, on_delay: 2s, then: [{ notify: kitchen }, { output: siren, while: raised }], active_when: { from: "08:00", to: "18:00", days: [mon] } }
  while-shut: { points: fridge-2/temperature, above: 5 °C, on_delay: 1s, acknowledge: required, settle: 3s, then: [{ notify: kitchen }, { output: siren, while: open }], active_when: { points: room/door, equals: closed } }
  all-warm: { all: [{ points: fridge-*/temperature, above: 5 °C, deadband: 0.5 }, { points: room/door, equals: open }], on_delay: 2s, off_delay: 1s, group: house }
  some-warm: { at_least: { n: 2, of: [{ points: fridge-*/temperature, above: ${warm} °C }] }, about: fridges, off_delay: 1s, then: [{ notify: kitchen }] }
  damp-open: { expression: "rh > 5 && t > 4", inputs: { rh: room/humidity, t: fridge-2/temperature °C }, severity: info }
  dewy: { points: room/dew, above: 2.5, deadband: 0.5, off_delay: 1s, re_alarm: 10s }
  late-too: { points: fridge-3/temperature, above: 6 °C, late: evaluate, late_after: 4s, off_delay: 1s }
  mean: { points: room/humidity, window: 6s, of: mean, above: 4, on_delay: 1s, late: evaluate }
  swing: { points: room/humidity, window: 8s, rate_above: 20 %/min }
  stuck: { points: room/humidity, stuck_for: 7s, tolerance: 0.5 }
  opened: { points: room/door, changes_to: open, off_delay: 3s }
  door: { points: room/door, equals: open, on_delay: 1s, severity: critical, latch: true, then: [{ notify: kitchen }], repeat: [10s] }
${index === 1 ? '' : '  damp: { points: room/humidity, above: 7, off_delay: 1s, acknowledge: required }'}
${index === 2 ? '' : '  cold: { points: fridge-3/temperature, below: 1 °C, latch: true, acknowledge: required }'}
`;
}

/** Three configs that one world goes through; the first one is that of its start. */
export const plants: readonly Plant[] = [0, 1, 2].map((index) => {
  const { rules, points, ownRules } = configOf(plantText(index));
  return { rules: rules.map((rule) => ({ ...rule, shelveMaxMs })), points, ownRules };
});

/** The schedules that they go by. */
export const scheduleKeys: readonly string[] = [
  ...new Set(
    plants
      .flatMap(({ rules }) => rules)
      .flatMap(({ activeWhen }) => (activeWhen?.schedules ?? []).map(scheduleKey)),
  ),
];
