import { dayMinutes, weekdays, type Schedule } from '../../domain/schedule.ts';
import type { ActiveWhen, Rule } from '../../domain/rule.ts';
import { readClause } from './clauses.ts';
import { readDuration, readText, type Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import type { FindSettings } from '../points/point-units.ts';
import type { MemberInput, RuleInput, Salvaged } from '../text/shape.ts';
import { closest } from '../text/suggest.ts';

type ActiveInput = NonNullable<RuleInput['active_when']>;
type PartInput = Omit<ActiveInput, 'all'> & Pick<Salvaged<MemberInput>, 'all'>;

const scheduleKeys = ['from', 'to', 'days', 'zone'] as const;
const conditionKeys = 'points above below outside inside equals deadband all any at_least'.split(
  ' ',
);

/** When people are to be told of the alerts of a rule. */
export function readActiveWhen(
  context: Context,
  path: Path,
  { active_when: written, settle }: RuleInput,
  findSettings: FindSettings,
): Pick<Rule, 'activeWhen' | 'settleMs'> {
  const settlePath = [...path, 'settle'];
  const ownPath = [...path, 'active_when'];
  const settleMs = readDuration(context, settlePath, settle, { min: 0 }) ?? null;
  if (written !== undefined) {
    return { activeWhen: readActive(context, ownPath, written, findSettings), settleMs };
  }
  if (settle !== undefined && !context.report.isTouched(ownPath)) {
    context.report.problem(settlePath, {
      message: 'settle: without active_when',
      allowed: 'active_when: { from: "08:00", to: "18:00" } beside it',
      atKey: true,
    });
  }
  return { activeWhen: null, settleMs: null };
}

function readActive(
  context: Context,
  path: Path,
  input: ActiveInput,
  findSettings: FindSettings,
): ActiveWhen | null {
  const { all, ...part } = input;
  if (all === undefined) return readPart(context, path, part, { findSettings, depth: 1 });
  const beside = [...scheduleKeys, ...conditionKeys].find((key) => key in part);
  if (beside !== undefined) {
    context.report.problem([...path, beside], {
      message: `${beside}: beside all:`,
      allowed: 'everything in the list of all:',
      atKey: true,
    });
    return null;
  }
  if (all.length === 0) {
    const allowed = 'at least one schedule or condition';
    context.report.problem([...path, 'all'], { message: 'found an empty list', allowed });
  }
  const parts = all.map((one, index) =>
    one === undefined
      ? null
      : readPart(context, [...path, 'all', index], one, { findSettings, depth: 2 }),
  );
  const read = parts.filter((one) => one !== null);
  if (read.length < parts.length || read.length === 0) return null;
  const clauses = read.flatMap(({ clause }) => clause ?? []);
  const [only] = clauses;
  const clause = clauses.length > 1 ? ({ kind: 'all', of: clauses } as const) : (only ?? null);
  return { schedules: read.flatMap(({ schedules }) => schedules), clause };
}

// Either a schedule or a condition.
function readPart(
  context: Context,
  path: Path,
  input: PartInput,
  options: { readonly findSettings: FindSettings; readonly depth: number },
): ActiveWhen | null {
  const { from, to, days, zone, ...condition } = input;
  const isSchedule = scheduleKeys.some((key) => key in input);
  const beside = conditionKeys.find((key) => key in input);
  if (isSchedule && beside !== undefined) {
    context.report.problem([...path, beside], {
      message: 'a schedule and a condition in one',
      allowed: 'all: [{ from: ..., to: ... }, { points: ... }]',
      atKey: true,
    });
    return null;
  }
  if (isSchedule) {
    const schedule = readSchedule(context, path, { from, to, days, zone });
    return schedule === null ? null : { schedules: [schedule], clause: null };
  }
  if (beside === undefined) {
    if (context.report.isTouched(path)) return null;
    const allowed = 'from and to, days, or points with a condition';
    context.report.problem(path, { message: 'found an empty map', allowed });
    return null;
  }
  const clause = readClause(context, path, condition, options);
  return clause === null ? null : { schedules: [], clause };
}

type ScheduleInput = Pick<ActiveInput, (typeof scheduleKeys)[number]>;

function readSchedule(context: Context, path: Path, input: ScheduleInput): Schedule | null {
  const { from, to, days, zone } = input;
  const [fromMinute, toMinute] = [minuteOf(from), minuteOf(to)];
  if (context.report.isTouched(path)) return null;
  if (from === undefined && to === undefined && days === undefined) {
    context.report.problem(path, {
      message: 'a schedule without times and days',
      allowed: 'from and to, days, or both',
      atKey: true,
    });
    return null;
  }
  if ((from === undefined) !== (to === undefined)) {
    const [given, missing] = from === undefined ? ['to', 'from'] : ['from', 'to'];
    context.report.problem([...path, given], {
      message: `${given}: without ${missing}:`,
      allowed: `${missing}: beside it`,
      atKey: true,
    });
    return null;
  }
  if (fromMinute === dayMinutes) {
    context.report.problem([...path, 'from'], {
      message: 'opens at the end of the day',
      allowed: '00:00, and the next day in days:',
    });
    return null;
  }
  if (from !== undefined && fromMinute === toMinute % dayMinutes) {
    context.report.problem([...path, 'to'], {
      message: `opens and closes at ${to ?? ''}`,
      allowed: 'two different times; for whole days, days: without from: and to:',
    });
    return null;
  }
  const named = readZone(context, [...path, 'zone'], zone);
  const chosen = readDays(context, [...path, 'days'], days);
  if (chosen === null || named === undefined) return null;
  const end = to === undefined || toMinute === 0 ? dayMinutes : toMinute;
  return { fromMinute, toMinute: end, days: chosen, zone: named };
}

function minuteOf(text: string | undefined): number {
  const [hours = 0, minutes = 0] = (text ?? '00:00').split(':').map(Number);
  return 60 * hours + minutes;
}

function readDays(
  context: Context,
  path: Path,
  days: ScheduleInput['days'],
): Schedule['days'] | null {
  if (days === undefined) return weekdays;
  if (days.length > 0) return weekdays.filter((day) => days.includes(day));
  context.report.problem(path, { message: 'found an empty list', allowed: weekdays.join(', ') });
  return null;
}

// null: that of the machine; undefined: a problem.
function readZone(
  context: Context,
  path: Path,
  zone: ScheduleInput['zone'],
): string | null | undefined {
  if (zone === undefined) return null;
  const name = readText(context, path, zone);
  if (isZone(name)) return name;
  context.report.problem(path, {
    message: `unknown time zone ${quote(name)}`,
    allowed: 'a name such as Europe/Berlin or UTC; without it the zone of this machine',
    suggestion: closest(name, Intl.supportedValuesOf('timeZone')),
  });
  return undefined;
}

function isZone(name: string): boolean {
  try {
    // Throws for a name that it does not know.
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
