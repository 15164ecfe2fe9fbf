import type { MistakeCase } from './mistake-case.ts';

const time = 'a time of day such as 08:00 or 22:30';

function rule(text: string): string {
  return `rules:\n  x: { points: a/b, above: 5, ${text} }\n`;
}

function activeWhen(text: string): string {
  return rule(`active_when: { ${text} }`);
}

/** When people are told. */
export const activeWhenMistakes: readonly MistakeCase[] = [
  {
    text: activeWhen('from: ¦8, to: "18:00"'),
    message: 'found the number 8',
    allowed: time,
    suggestion: '08:00',
  },
  {
    text: activeWhen('from: "08:00", to: ¦"6:30 pm"'),
    message: 'found "6:30 pm"',
    allowed: time,
    suggestion: '18:30',
  },
  { text: activeWhen('from: "08:00", to: ¦"24:30"'), message: 'found "24:30"', allowed: time },
  { text: activeWhen('from: ¦noon, to: "18:00"'), message: 'found "noon"', allowed: time },
  {
    text: activeWhen('from: "08:00", to: ¦"08:00"'),
    message: 'opens and closes at 08:00',
    allowed: 'two different times; for whole days, days: without from: and to:',
  },
  {
    text: activeWhen('from: "00:00", to: ¦"24:00"'),
    message: 'opens and closes at 24:00',
    allowed: 'two different times; for whole days, days: without from: and to:',
  },
  {
    text: activeWhen('from: ¦"24:00", to: "06:00"'),
    message: 'opens at the end of the day',
    allowed: '00:00, and the next day in days:',
  },
  {
    text: activeWhen('¦from: "08:00"'),
    message: 'from: without to:',
    allowed: 'to: beside it',
  },
  { text: activeWhen('¦to: "08:00"'), message: 'to: without from:', allowed: 'from: beside it' },
  {
    text: activeWhen('days: ¦[]'),
    message: 'found an empty list',
    allowed: 'mon, tue, wed, thu, fri, sat, sun',
  },
  {
    text: activeWhen('days: [mon, ¦tues]'),
    message: 'found "tues"',
    allowed: 'mon or tue or wed or thu or fri or sat or sun',
    suggestion: 'tue',
  },
  {
    text: activeWhen('from: "08:00", to: "18:00", zone: ¦Europe/Berln'),
    message: 'unknown time zone "Europe/Berln"',
    allowed: 'a name such as Europe/Berlin or UTC',
    suggestion: 'Europe/Berlin',
  },
  {
    text: rule('¦active_when: { zone: UTC }'),
    message: 'a schedule without times and days',
    allowed: 'from and to, days, or both',
  },
  {
    text: activeWhen('from: "08:00", ¦until: "18:00"'),
    message: 'unknown key "until"',
    allowed: 'from, to, days, zone, points, above',
  },
  {
    text: activeWhen('days: [sat], ¦points: c/d, equals: true'),
    message: 'a schedule and a condition in one',
    allowed: 'all: [{ from: ..., to: ... }, { points: ... }]',
  },
  {
    text: activeWhen('¦zone: UTC, all: [{ days: [sat] }]'),
    message: 'zone: beside all:',
    allowed: 'everything in the list of all:',
  },
  {
    text: activeWhen('all: [{ days: [sat] }, ¦{ above: 5 }]'),
    message: 'the key "points" is missing',
    allowed: null,
  },
  {
    text: activeWhen('all: [{ points: c/d, equals: on }, { days: ¦[] }]'),
    message: 'found an empty list',
    allowed: 'mon, tue, wed, thu, fri, sat, sun',
  },
  {
    text: activeWhen('all: ¦[]'),
    message: 'found an empty list',
    allowed: 'at least one schedule',
  },
  { text: rule('active_when: ¦{}'), message: 'found an empty map', allowed: 'from and to, days' },
  {
    text: activeWhen('points: c/d, above: ¦5 zorg'),
    message: 'unknown unit "zorg"',
    allowed: '°C °F K Pa',
  },
  {
    text: rule('¦settle: 5m'),
    message: 'settle: without active_when',
    allowed: 'active_when: { from: "08:00", to: "18:00" } beside it',
  },
];
