// A small process with nothing but notifiers and a journal file. It emits alerts, tells them to a webhook, and kills
// itself at the named place the n-th time it gets there. Started anew, it goes on from the file.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createNotifiers } from '../../../src/consumers/notifiers/notifiers.ts';
import { alertJson } from '../../../src/domain/alert.ts';
import { systemClock } from '../../../src/host/clock.ts';
import { createMetrics } from '../../../src/host/metrics.ts';
import { alertOf, eventOf, memoryLog, ruleOf, seq } from '../fixtures.ts';

interface StoredRow {
  readonly seq: number;
  readonly kind: string;
  readonly key: string;
  readonly body: Record<string, unknown>;
}

const [file = '', url = '', eventsText = '', place = '', timeText = ''] = process.argv.slice(2);
const eventsMax = Number(eventsText);
const killAt = Number(timeText);

const rows: StoredRow[] = existsSync(file)
  ? readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): StoredRow => JSON.parse(line))
  : [];
let visits = 0;

const append = (kind: string, key: string, body: unknown) => {
  const row = { seq: rows.length + 1, kind, key, body };
  const line = JSON.stringify(row);
  rows.push(JSON.parse(line));
  appendFileSync(file, `${line}\n`);
  return seq(row.seq);
};
const kindOf = (wanted: string): StoredRow[] => rows.filter(({ kind }) => kind === wanted);

const notifiers = createNotifiers({
  specs: [{ kind: 'webhook', name: 'kitchen', url }],
  rules: [ruleOf('freezer-warm', [{ kind: 'notify', notifier: 'kitchen', on: ['active'] }])],
  site: 'greenhouse',
  environment: {},
  clock: systemClock,
  log: memoryLog(),
  metrics: createMetrics(),
  queueMax: 4,
  faultPoint(name) {
    if (name !== place) return;
    visits += 1;
    if (visits === killAt) process.kill(process.pid, 'SIGKILL');
  },
  journal: {
    get nextSeq() {
      return seq(rows.length + 1);
    },
    get committedSeq() {
      return seq(rows.length);
    },
    append,
    afterCommit: (callback) => callback(),
  },
  readPending: async (_name, afterSeq, limit) =>
    kindOf('alert')
      .filter((row) => row.seq > afterSeq)
      .slice(0, limit)
      .map(({ seq: at, body }) => ({
        seq: seq(at),
        edge: 'active' as const,
        id: String(body['id']),
        alert: body,
        drill: false,
      })),
});

notifiers.start(new Map(kindOf('notification').map(({ key, body }) => [key, body])));
while (kindOf('alert').length < eventsMax) {
  const number = kindOf('alert').length + 1;
  const id = `freezer-warm/freezer-1/temperature/${number}`;
  const event = eventOf(alertOf({ id, seq: seq(rows.length + 1) }));
  notifiers.offer(event);
  append('alert', id, alertJson(event.alert));
  await new Promise((resolve) => setImmediate(resolve));
}
const done = setInterval(() => {
  if (notifiers.statuses()[0]?.queued !== 0) return;
  clearInterval(done);
  process.exit(0);
}, 5);
