import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runKillTest } from './kill-test.ts';

test('every acknowledged reading survives kill -9, once in its order and nothing beside', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'limen-kill-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const report = await runKillTest({ folder, from: 'src', cycles: 5, seed: 1 });
  expect(report.problems).toEqual([]);
  expect(report.kills).toEqual({ load: 2, commit: 1, start: 1, creation: 1 });
  expect(report.acknowledged).toBe(report.sent);
  expect(report.stored - report.repeated).toBe(report.sent);
  expect(report.sent).toBeGreaterThan(1_000);
}, 60_000);
