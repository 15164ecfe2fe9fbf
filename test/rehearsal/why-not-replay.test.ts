// Aim: whatever happened, a replay that begins half an hour before a moment comes to the state that the journal holds.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { whyNot } from '../../src/app-why-not.ts';
import { recordHistory } from './recorded-history.ts';

const yaml = (limit: number): string => `
points: { box/t: { unit: °C, expect_every: 60s } }
rules:
  plain: { points: box/t, above: { warning: ${limit}, critical: 20 }, deadband: 2, on_delay: { warning: 3m, critical: 0s }, off_delay: 2m, acknowledge: required }
  mean: { points: box/t, above: 8, severity: warning, window: 10m, of: mean, latch: true }
  silent: { points: box/t, silent_for: 4m, severity: warning, acknowledge: not_required }
  stuck: { points: box/t, stuck_for: 5m, severity: info, unknown: raise }`;
const rules = ['plain', 'mean', 'silent', 'stuck'];

const step = fc.record({
  gapSeconds: fc.constantFrom(5, 20, 60, 60, 130, 400),
  does: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('0', '0', '7', '9', '12', '25', 'nan') },
    { weight: 1, arbitrary: fc.constant('acknowledge') },
    { weight: 1, arbitrary: fc.constant('restart') },
    { weight: 1, arbitrary: fc.constant('reconfigure') },
  ),
});

test('whyNot() comes to the state that the journal holds, whatever happened before', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 30, maxLength: 45 }),
    async (steps) => {
      const history = recordHistory(yaml(10));
      let now = 0;
      let limit = 10;
      for (const { gapSeconds, does } of steps) {
        const isStart = does === 'restart' || does === 'reconfigure';
        if (isStart) history.stop();
        now += gapSeconds;
        await history.goTo(now);
        if (does === 'reconfigure') limit = limit === 10 ? 6 : 10;
        if (isStart) history.start(yaml(limit));
        else if (does === 'acknowledge') {
          for (const rule of rules)
            history.act({ act: 'acknowledge', alert: { rule, device: 'box', metric: 't' } });
        } else history.send('box/t', does);
      }
      history.stop();
      for (let at = 300; at < now; at += 411) {
        for (const rule of rules) {
          const query = { rule, point: 'box/t', atMs: history.wallMs(at) };
          const when = { nowMs: history.wallMs(now), isRunning: false };
          const found = whyNot(history.directory, query, when, () => undefined);
          const state = found.clauses.find(({ clause }) => clause === 'state');
          expect({ rule, at, state, agrees: found.replay.agrees }).not.toMatchObject({
            agrees: false,
          });
          expect({ rule, at, reason: found.reason, clauses: found.clauses }).not.toMatchObject({
            reason: null,
          });
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 5, endOnFailure: true, seed: 20_261_123 });
}, 120_000);
