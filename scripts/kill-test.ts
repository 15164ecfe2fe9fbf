import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runKillTest } from '../test/faults/kill-test.ts';

// Kills Limen many times under load and checks what it had acknowledged; the suite runs a short one.

const usage = `Usage: scripts/on-node node scripts/kill-test.ts [--cycles N] [--seed N] [--from src|dist] [--directory FOLDER]

Kills Limen (kill -9) at random moments under load, restarts it on the same data, and checks that every acknowledged
reading is stored, in order, and nothing that was not sent. Exit code 1 if a promise was broken.`;

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(process.pid) },
    from: { type: 'string', default: 'src' },
    directory: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});
const cycles = Number(values.cycles);
const seed = Number(values.seed);
const { from } = values;

if (values.help) {
  console.log(usage);
} else if (!(cycles > 0) || !Number.isInteger(seed) || (from !== 'src' && from !== 'dist')) {
  console.error(usage);
  process.exitCode = 2;
} else if (from === 'dist' && !existsSync(join(import.meta.dirname, '../dist/src/main.js'))) {
  console.error('There is no dist: run "npm run build" first');
  process.exitCode = 1;
} else {
  console.log(`seed ${seed}`);
  const folder = mkdtempSync(join(values.directory, 'limen-kill-'));
  const report = await runKillTest({
    folder,
    from,
    cycles,
    seed,
    onCycle: ({ cycle, moment, acknowledged, stored }) =>
      console.log(
        `${String(cycle).padStart(4)}/${cycles}  ${moment.padEnd(8)} ${acknowledged} acknowledged, ${stored} seen on disk`,
      ),
  });
  for (const problem of report.problems.slice(0, 50)) console.error(problem);
  const { load, commit, start, creation } = report.kills;
  console.log(
    `kills: ${load} under load, ${commit} in a commit, ${start} in a start, ${creation} as a day file was made`,
  );
  console.log(
    `${report.sent} sent, ${report.acknowledged} acknowledged, ${report.stored} stored, ${report.repeated} of them again`,
  );
  if (report.problems.length === 0) {
    console.log('every acknowledged reading is stored, in order, and nothing else');
    rmSync(folder, { recursive: true, force: true });
  } else {
    // The data is the evidence: it stays.
    console.error(`${report.problems.length} broken promises, seed ${seed}, data in ${folder}`);
    process.exitCode = 1;
  }
}
