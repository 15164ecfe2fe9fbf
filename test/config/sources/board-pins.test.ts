import { describe, expect, it } from 'vitest';
import { boardPins } from '../../../src/config/sources/board-pins-shape.ts';
import { readPins, type PinsInput } from '../../../src/config/sources/board-pins.ts';
import { readDocument } from '../../../src/config/text/document.ts';
import { formatProblem } from '../../../src/config/text/problem.ts';
import { createReport } from '../../../src/config/text/report.ts';
import { checkShapeBy } from '../../../src/config/text/shape.ts';
import { scaled, type ReadPin } from '../../../src/domain/board-pins.ts';

const abilities = {
  kinds: ['analog', 'in', 'count'],
  everyMsMin: 20,
  everyMsMax: 60_000,
  samplesMax: 64,
  debounceMsMax: 250,
} as const;

function read(text: string): { readonly pins: readonly ReadPin[]; readonly problems: string[] } {
  const document = readDocument(text);
  const report = createReport('pins.yaml', document);
  const input = checkShapeBy(boardPins, document.tree.value, document, report) as PinsInput;
  const sourceText = document.tree.sourceText;
  const context = { report, directory: '/', readsSecrets: false, sourceText };
  const pins = readPins(context, [], input, abilities);
  return { pins, problems: report.problems().map(formatProblem) };
}

describe('readPins()', () => {
  it('takes an analog pin as the contract writes it', () => {
    const { pins, problems } = read(
      'A0: { metric: soil_moisture, unit: "%", scale: [0, 1023, 0, 100], every: 1s }',
    );
    expect(problems).toEqual([]);
    expect(pins).toEqual([
      {
        pin: 'A0',
        metric: 'soil_moisture',
        unit: '%',
        everyMs: 1_000,
        scale: { from: [0, 1023], to: [0, 100] },
        input: { kind: 'analog', samples: 16 },
      },
    ]);
  });

  it('takes a pin with a number for a contact, and pulses where they are asked for', () => {
    const { pins, problems } = read(
      '5: { metric: door, inverted: true }\n2: { metric: rain, kind: count, debounce: 5ms, unit: mm, scale: [0, 1, 0, 0.2] }',
    );
    expect(problems).toEqual([]);
    expect(pins.map(({ pin, input }) => [pin, input])).toEqual([
      ['2', { kind: 'count', pull: 'up', edge: 'falling', debounceMs: 5 }],
      ['5', { kind: 'in', pull: 'up', debounceMs: 20, inverted: true }],
    ]);
  });

  it('tells every mistake with its place and its cure', () => {
    const { problems } = read(`D7: { metric: a }
A0: { metric: a, scale: [0, 1023, 0] }
A1: { metric: a, scale: [5, 5, 0, 100] }
A2: { unit: V }
A3: { metric: b, samples: 65 }
A4: { metric: c, every: 20ms, samples: 21 }
A5: { metric: d, edge: rising, pull: up }
6: { metric: e, unit: V, every: 10ms }
7: { metric: f, debounce: 1s, knd: in }
8: { metric: g, kind: analogue }
`);
    expect(problems.map((problem) => problem.replace('pins.yaml:', ''))).toEqual([
      '1:1: D7: "D7" is not a pin (allowed: its name on the board, such as 7 or A0); did you mean 7?',
      '2:25: A0.scale: found 3 numbers (allowed: two numbers at the pin that differ, and what they stand for: [0, 1023, 0, 100])',
      '3:15: A1.metric: the pin A0 already gives "a" (allowed: each metric once on a board)',
      '3:25: A1.scale: found 5 twice (allowed: two numbers at the pin that differ, and what they stand for: [0, 1023, 0, 100])',
      '4:1: A2.metric: the key "metric" is missing',
      '5:27: A3.samples: found 65 (allowed: a whole number from 1 to 64)',
      '6:40: A4.samples: found 21 (allowed: a whole number from 1 to 20)',
      '7:18: A5.edge: "edge" has no meaning with kind: analog (allowed: edge with kind: count)',
      '7:32: A5.pull: "pull" has no meaning with kind: analog (allowed: pull with kind: in or count)',
      '8:17: 6.unit: "unit" has no meaning with kind: in (allowed: unit with kind: analog or count)',
      '8:33: 6.every: found 10ms (allowed: whole milliseconds from 20ms to 1m)',
      '9:27: 7.debounce: found 1s (allowed: whole milliseconds from 0ms to 250ms)',
      '9:31: 7.knd: unknown key "knd" (allowed: metric, sensor, controller, kind, unit, scale, every, samples, pull, debounce, inverted, edge); did you mean kind?',
      '10:23: 8.kind: found "analogue" (allowed: analog or in or count); did you mean analog?',
    ]);
  });
});

describe('scaled()', () => {
  it('lies on the line through the two numbers, beyond them too', () => {
    const scale = { from: [100, 900], to: [0, 100] } as const;
    expect([100, 500, 900, 980].map((value) => scaled(value, scale))).toEqual([0, 50, 100, 110]);
    expect(scaled(512.25, null)).toBe(512.25);
  });
});
