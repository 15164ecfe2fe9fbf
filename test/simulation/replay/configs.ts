/** Three configs that one history runs through: limits, delays, levels, windows and points differ. */
export function configText(index: number): string {
  const on = ['20s', '45s', '5s'][index] ?? '20s';
  const warm = [6, 6.5, 5][index] ?? 6;
  return `
site: replay
broker: { listen: [mqtt://127.0.0.1:0] }
http: { listen: http://127.0.0.1:0 }
storage: { directory: data }
sources:
  - mqtt: sensors/{device}/{metric}
  - mqtt: boxes/{device}
points:
  "*/temperature": { unit: °C, valid: [-40, 60], expect_every: 2m }
  "room/humidity": { unit: "%", expect_every: 5m }
rules:
  warm:
    points: "*/temperature"
    above: { warning: ${warm} °C, critical: 9 °C }
    deadband: 1
    on_delay: { warning: ${on}, critical: 5s }
    off_delay: 15s
  cold: { points: fridge-1/temperature, below: 1 °C, latch: true, acknowledge: required }
  band: { points: fridge-2/temperature, outside: [0, 8], deadband: 0.5, unknown: raise }
  inner: { points: fridge-3/temperature, inside: [3, 4], on_delay: 10s, acknowledge: not_required }
  quiet: { points: fridge-*/temperature, silent_for: 3m, off_delay: 5s }
  mean: { points: "*/temperature", window: 5m, of: mean, above: ${warm} }
  busy: { points: room/humidity, window: 2m, of: count, above: 40 }
  swing: { points: room/humidity, window: 3m, rate_above: 3 %/min }
  stuck: { points: room/humidity, stuck_for: 4m, tolerance: 0.5 }
  door: { points: room/door, equals: open, on_delay: 30s }
  opened: { points: room/door, changes_to: open, off_delay: 10s }
  leak: { points: "*/leak", equals: true, severity: critical, latch: true, shelve_max: 10m }
${index === 1 ? '' : '  damp: { points: room/humidity, above: 70, off_delay: 1m, acknowledge: required }'}
`;
}
