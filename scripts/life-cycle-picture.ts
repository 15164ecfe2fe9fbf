/**
 * Draws the life of an alert from the table that the engine runs (src/rules/life-cycle.ts): every edge, and what leads
 * along it.
 *
 *   node scripts/life-cycle-picture.ts            writes src/rules/life-cycle.svg
 *   node scripts/life-cycle-picture.ts --check    exits with 1 if the picture is not of the present table
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertStates, conditions, type AlertState } from '../src/domain/alert.ts';
import { lifeCycle, lifeCycleInputs } from '../src/rules/life-cycle.ts';

const path = join(import.meta.dirname, '../src/rules/life-cycle.svg');

const width = 1_160;
const height = 640;
const box = { width: 160, height: 56 };

/** Middle of each state's box, and what it means. */
const places: Readonly<Record<AlertState, readonly [x: number, y: number, meaning: string]>> = {
  normal: [120, 320, 'nothing is wrong'],
  pending: [400, 130, 'the on-delay runs'],
  active: [720, 130, 'raised, seen by nobody'],
  acknowledged: [1_020, 320, 'raised, seen'],
  returned: [720, 530, 'over, seen by nobody'],
};

type Anchor = 'start' | 'middle' | 'end';

/** The way of each edge, and where its words stand. An edge without a way is an error: the table has grown. */
const ways: Readonly<
  Record<string, readonly [path: string, x: number, y: number, anchor: Anchor]>
> = {
  'normal pending': ['M 140 292 C 170 200, 240 140, 318 132', 200, 205, 'start'],
  'pending normal': ['M 360 158 C 330 210, 270 260, 190 292', 345, 232, 'start'],
  'normal active': ['M 95 292 C 60 20, 480 10, 690 102', 240, 44, 'middle'],
  'pending active': ['M 480 130 L 638 130', 560, 120, 'middle'],
  'active active': ['M 690 102 C 670 40, 750 40, 735 100', 745, 42, 'start'],
  'active acknowledged': ['M 800 122 C 910 130, 990 200, 1015 292', 985, 190, 'start'],
  'acknowledged active': ['M 965 292 C 920 230, 860 180, 790 158', 860, 232, 'end'],
  'acknowledged acknowledged': ['M 1090 292 C 1130 270, 1140 340, 1100 332', 1_150, 262, 'end'],
  'active normal': ['M 680 158 C 580 260, 380 310, 202 315', 540, 290, 'start'],
  'active returned': ['M 700 158 L 700 500', 692, 455, 'end'],
  'returned active': ['M 740 502 L 740 160', 750, 440, 'start'],
  'returned normal': ['M 638 535 C 380 550, 200 470, 140 350', 330, 530, 'middle'],
  'acknowledged normal': ['M 1000 348 C 900 430, 480 400, 202 335', 250, 400, 'start'],
};

/** Every edge with the words for what leads along it. */
function edges(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const both = [false, true];
  for (const from of alertStates) {
    for (const input of lifeCycleInputs) {
      if (input === 'remove') continue;
      for (let bits = 0; bits < 32; bits += 1) {
        const flag = (bit: number): boolean => both[(bits >> bit) & 1] ?? false;
        for (const condition of conditions) {
          const step = lifeCycle(from, input, {
            condition,
            dueAtOnce: flag(0),
            unknownRaises: flag(1),
            latch: flag(2),
            acknowledgeRequired: flag(3),
            offDelayOver: flag(4),
          });
          if (step.kind !== 'move') continue;
          const key = `${from} ${step.to}`;
          const words = found.get(key) ?? new Set();
          words.add(wordsOf(from, step.to, input));
          found.set(key, words);
        }
      }
    }
  }
  return found;
}

function wordsOf(from: AlertState, to: AlertState, input: string): string {
  switch (input) {
    case 'breached':
      return to === 'active' ? 'breached, no on-delay' : 'breached';
    case 'unknown':
      return 'unknown: raise';
    case 'clear':
      return 'clear';
    case 'escalate':
      return 'escalated';
    case 'deescalate':
      return 'deescalated';
    case 'acknowledge':
      return from === 'acknowledged' ? 'a further comment' : 'acknowledge';
    case 'reset':
      return 'reset of a latch';
    case 're_alarm':
      return 're_alarm is over';
    case 'on_delay_over':
      return from === 'returned' ? 'breached again for the on-delay' : 'on-delay is over';
    case 'off_delay_over':
      return to === 'returned' ? 'clear for the off-delay,' : 'clear for the off-delay';
    default:
      throw new Error(`no words for ${input}`);
  }
}

function picture(): string {
  const drawn = [...edges()].map(([key, words]) => edgeSvg(key, [...words]));
  const states = alertStates.map(stateSvg);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif">
<title>The life of an alert</title>
<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" fill="#555"/></marker></defs>
<rect width="${width}" height="${height}" fill="#fff"/>
${drawn.join('\n')}
${states.join('\n')}
<text x="20" y="${height - 16}" font-size="13" fill="#555">With latch: true an alert leaves active or acknowledged only by a reset, once its off-delay is over. Without a required acknowledgement active goes straight to normal.</text>
</svg>
`;
}

function edgeSvg(key: string, words: readonly string[]): string {
  const way = ways[key];
  if (way === undefined) throw new Error(`the picture has no way for ${key}: ${words.join(', ')}`);
  const [line, x, y, anchor] = way;
  const texts = words
    .map((word, row) => `<tspan x="${x}" dy="${row === 0 ? 0 : 15}">${word}</tspan>`)
    .join('');
  return `<path d="${line}" fill="none" stroke="#555" stroke-width="1.5" marker-end="url(#end)"/><text x="${x}" y="${y}" font-size="13" text-anchor="${anchor}" fill="#222">${texts}</text>`;
}

function stateSvg(state: AlertState): string {
  const [x, y, meaning] = places[state];
  const isRaised = state === 'active' || state === 'acknowledged';
  const fill = isRaised ? '#ffe0d8' : state === 'normal' ? '#e2f2e4' : '#fff3d0';
  return `<rect x="${x - box.width / 2}" y="${y - box.height / 2}" width="${box.width}" height="${box.height}" rx="10" fill="${fill}" stroke="#333"/><text x="${x}" y="${y - 3}" font-size="16" font-weight="bold" text-anchor="middle">${state}</text><text x="${x}" y="${y + 15}" font-size="12" text-anchor="middle" fill="#444">${meaning}</text>`;
}

const svg = picture();
if (!process.argv.includes('--check')) writeFileSync(path, svg);
else if (readFileSync(path, 'utf8') !== svg) {
  console.error(
    'src/rules/life-cycle.svg is out of date: run `node scripts/life-cycle-picture.ts`',
  );
  process.exitCode = 1;
}
