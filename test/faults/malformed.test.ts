// Aim: whatever arrives, the program lives, good readings are stored in order, and the books balance:
// accepted = stored + rejected with a reason. Method: a seeded corpus of broken payloads among counted good ones, over
// QoS 0 and 1 at the same time.
import { expect, test } from 'vitest';
import { createRandom } from '../../src/producers/scenarios-signals.ts';
import { install } from '../flow/limen-process.ts';
import { connectRaw, type RawClient } from '../flow/raw-client.ts';
import { countedProblems } from './stored-counts.ts';

const seed = 20_261_123;
const malformedCount = 10_000;
const quarantineMax = 1_000;
const deep = '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000);

interface StatusJson {
  readonly readings: {
    readonly accepted: number;
    readonly stored: number;
    readonly rejected: number;
  };
  readonly sources: readonly {
    readonly accepted: number;
    readonly rejected: number;
    readonly reasons: Readonly<Record<string, number>>;
  }[];
}

test('10,000 malformed payloads among good ones crash nothing, lose nothing and leave books that balance', async () => {
  const limen = install({
    yaml: `
sources: [{ mqtt: 'sensors/{device}/{metric}' }, { mqtt: 'sensors/{device}' }]
points: { 'junk-*/level': { valid: [-1000, 1000] } }
rules: { high: { points: 'junk-*/level', above: 900, severity: warning, acknowledge: not_required } }
`,
  });
  const running = await limen.start();
  const random = createRandom(seed);
  let drawn = 0;
  const below = (bound: number): number => Math.floor(random((drawn += 1)) * bound);
  const careful = await connectRaw(running.port, 'careful');
  const careless = await connectRaw(running.port, 'careless');
  const counts = new Map([
    ['good-1', 0],
    ['good-0', 0],
  ]);
  const sendGood = (device: string, send: RawClient['publishUnacknowledged']): void => {
    const count = (counts.get(device) ?? 0) + 1;
    counts.set(device, count);
    // Every form of the same number: plain, spaced, in an object.
    const forms = [`${count}`, ` ${count}\n`, `{"value": ${count}}`, `"${count}"`, `${count}.0`];
    send(`sensors/${device}/count`, forms[below(forms.length)] ?? '');
  };
  let sent = 0;
  for (let n = 0; n < malformedCount; n += 1) {
    const topic = `sensors/junk-${below(1_500)}${below(3) === 0 ? '' : '/level'}`;
    const payload = malformed(below);
    if (below(2) === 0) careless.publishUnacknowledged(topic, payload);
    else {
      careful.publish(topic, payload);
      sent += 1;
    }
    if (below(4) === 0) sendGood('good-0', careless.publishUnacknowledged);
    if (below(4) === 0) {
      sendGood('good-1', (...args) => void careful.publish(...args));
      sent += 1;
    }
    // A socket's buffer of megabytes says nothing about Limen: what was sent is waited for now and then.
    if (n % 500 === 0) await careful.acknowledgements(sent);
  }
  await careful.acknowledgements(sent);
  // A subscription is granted after what came before it on the same connection was taken.
  await careless.subscribe('echo', () => undefined);

  // A packet above the limit ends its connection, and only that one.
  const huge = await connectRaw(running.port, 'huge');
  huge.publish('sensors/junk-1/level', '1'.repeat(1_000_000));
  await huge.closed();
  const long = await connectRaw(running.port, 'long');
  long.publish('sensors/junk-1/level', '1'.repeat(200_000));
  long.publish('sensors/junk-1', deep);
  await long.acknowledgements(2);

  // The same pid: no crash.
  const status = (await limen.json('status')) as StatusJson & { readonly pid: number };
  expect(status.pid).toBe(running.pid);
  const { accepted, stored, rejected } = status.readings;
  expect(accepted).toBe(stored + rejected);
  for (const source of status.sources) {
    const sum = Object.values(source.reasons).reduce((total, count) => total + count, 0);
    expect(source.rejected).toBe(sum);
  }
  const reasons = Object.assign({}, ...status.sources.map((source) => source.reasons));
  expect(Object.keys(reasons).toSorted()).toEqual(
    expect.arrayContaining([
      'JSON, but not an object',
      'nested too deep',
      'no metric in the object',
      'not UTF-8',
      'not a number, a word or JSON',
      'not valid JSON',
      'a word that no rule compares with',
    ]),
  );
  const quarantined = await limen.cli('readings', '--quarantined', '--json');
  const records = quarantined.out.trimEnd().split('\n');
  expect(records).toHaveLength(quarantineMax);
  for (const record of records) {
    const { sample_base64: sample, count }: { sample_base64: string; count: number } =
      JSON.parse(record);
    expect(Buffer.from(sample, 'base64').length).toBeLessThanOrEqual(1_024);
    expect(count).toBeGreaterThan(0);
  }

  expect((await running.stop()).code).toBe(0);
  expect((await limen.cli('readings', '--count')).out).toBe(`${stored}\n`);
  expect(countedProblems(limen.data, counts)).toEqual([]);
  const bad = (await limen.readings()).filter(({ quality }) => quality === 'bad');
  expect(bad.length).toBeGreaterThan(1_000);
  expect(bad.every(({ device }) => device.startsWith('junk-'))).toBe(true);
  // It starts again on what is left, with the samples.
  const again = await limen.start();
  const kept = await limen.cli('readings', '--quarantined', '--count');
  expect(kept.out).toBe(`${quarantineMax}\n`);
  await again.stop();
}, 40_000);

/** One broken payload; `below` draws a whole number under a bound. */
function malformed(below: (bound: number) => number): string | Buffer {
  const words = ['nan', 'NaN', '-inf', 'unavailable', 'null', '', 'None', 'n/a', '--', 'Infinity'];
  const numbers = ['1e999', '-1e999', '9'.repeat(300), '1e-9999', '27,00', '12abc', '0x1F', '1_0'];
  const json = '{"value": 21.5, "unit": "°C", "at": 1763900000000, "air": {"co2": [1, 2]}}';
  switch (below(12)) {
    case 0:
      return words[below(words.length)] ?? '';
    case 1:
      return numbers[below(numbers.length)] ?? '';
    case 2:
      return json.slice(0, below(json.length));
    case 3: {
      const bytes = Buffer.from(json);
      for (let n = 0; n <= below(6); n += 1) bytes[below(bytes.length)] = below(256);
      return bytes;
    }
    case 4:
      return Buffer.from(Array.from({ length: 1 + below(64) }, () => below(256)));
    case 5:
      return Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80]);
    case 6:
      return '['.repeat(1 + below(2_000));
    case 7:
      return '{"a":'.repeat(9 + below(40)) + '1' + '}'.repeat(9);
    case 8:
      return 'x'.repeat(401 + below(20_000));
    case 9:
      return (
        [
          '[1, 2]',
          '"unfinished',
          '{}',
          '{"id": 1}',
          'true story',
          '{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}',
        ][below(6)] ?? ''
      );
    case 10:
      return `{"value": ${'1'.repeat(400)}}`;
    default:
      return (
        [
          '{"value": {"value": null}}',
          '{"__proto__": {"x": 1}}',
          '{"\\u0000": 1}',
          '{"value": 5, "unit": "parsec"}',
          '-5000',
          '1e300',
        ][below(6)] ?? ''
      );
  }
}
