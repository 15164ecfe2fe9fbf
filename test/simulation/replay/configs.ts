/** Three configs that one history runs through: limits, delays, levels, windows and points differ. */
export function configText(index: number): string {
  const on = ['20s', '45s', '5s'][index] ?? '20s';
  const warm = [6, 6.5, 5][index] ?? 6;
  return `
site: replay
broker: { listen: [mqtt://127.0.0.1:0] }
http: { listen: http://127.0.0.1:0 }
storage: { directory: data }
notifiers: { nobody: { webhook: { url: "http://127.0.0.1:9/" } } }
sources:
  - mqtt: sensors/{device}/{metric}
  - mqtt: boxes/{device}
points:
  "*/temperature": { unit: °C, valid: [-40, 60], expect_every: 2m }
  "room/humidity": { unit: "%", expect_every: 5m, calibrations: [{ offset: ${index} }, { from: 2027-01-05, scale: 1.02 }] }
  "fridge-2/temperature": { via: gateway }
  "fridge-3/temperature": { via: gateway }
  room/dew: { expression: "t - (100 - rh) / 5", inputs: { t: fridge-1/temperature °C, rh: room/humidity }, unit: °C }
rules:
  warm:
    points: "*/temperature"
    above: { warning: ${warm} °C, critical: 9 °C }
    deadband: 1
    on_delay: { warning: ${on}, critical: 5s }
    off_delay: 15s
    group: cooling
    repeat: [1m, 5m]
    chain: [{ after: 3m, notify: nobody }]
    then: [{ notify: nobody, on: [active, escalated, normal] }]
    overrides: { fridge-3: { above: { warning: 7 °C, critical: ${index === 2 ? 8 : 10} °C } } }
  cold: { points: fridge-1/temperature, below: 1 °C, latch: true, acknowledge: required, re_alarm: 10m }
  "limen.*": { acknowledge: required, then: [{ notify: nobody }] }
  band: { points: fridge-2/temperature, outside: [0, 8], deadband: 0.5, unknown: raise, late: evaluate }
  inner: { points: fridge-3/temperature, inside: [3, 4], on_delay: 1s, acknowledge: not_required, then: [{ notify: nobody }] }
  quiet: { points: fridge-*/temperature, silent_for: 3m, off_delay: 5s }
  mean: { points: "*/temperature", window: 5m, of: mean, above: ${warm}, late: evaluate }
  busy: { points: room/humidity, window: 2m, of: count, above: 40 }
  dewy: { points: room/dew, above: 1, off_delay: 20s, group: cooling }
  all-warm: { all: [{ points: fridge-*/temperature, above: 5, deadband: 0.5 }, { points: room/door, equals: open }], on_delay: 10s }
  some-warm: { at_least: { n: 2, of: [{ points: fridge-*/temperature, above: ${warm} }] }, off_delay: 30s, about: fridges }
  humid-open: { expression: "rh > 62 && !leak", inputs: { rh: room/humidity, leak: room/leak }, severity: info }
  hours: { points: fridge-1/temperature, above: 5.5, active_when: { from: "21:00", to: "23:30", zone: Europe/Berlin }, settle: 1m }
  while-open: { points: fridge-2/temperature, above: 5, active_when: { points: room/door, equals: open }, on_delay: 5s }
  button: { points: fridge-1/temperature, below: 4, acknowledge: required, acknowledge_with: { point: room/door, equals: ajar } }
  late: { points: fridge-2/temperature, window: 10m, of: max, above: 7, late: evaluate, late_after: 1m }
  swing: { points: room/humidity, window: 3m, rate_above: 3 %/min }
  stuck: { points: room/humidity, stuck_for: 4m, tolerance: 0.5 }
  door: { points: room/door, equals: open, on_delay: 30s }
  opened: { points: room/door, changes_to: open, off_delay: 10s }
  leak: { points: "*/leak", equals: true, severity: critical, latch: true, shelve_max: 10m }
${index === 1 ? '' : '  damp: { points: room/humidity, above: 70, off_delay: 1m, acknowledge: required }'}
`;
}
