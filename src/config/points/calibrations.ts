import type { Calibration } from '../../domain/calibration.ts';
import type { PointEntry } from '../../domain/config.ts';
import type { PointPattern } from '../../domain/point.ts';
import type { Comparator, Rule } from '../../domain/rule.ts';
import type { WallMs } from '../../domain/time.ts';
import type { Context } from '../context.ts';
import { dateText, parseDate } from '../text/dates.ts';
import { matchesText } from './point-units.ts';
import { quote, type Path } from '../text/problem.ts';
import type { PointInput } from '../text/shape.ts';

type CalibrationsInput = PointInput['calibrations'];

/** The calibrations of an entry, which must stand in the order of time; null: it has none. */
export function readCalibrations(
  context: Context,
  path: Path,
  inputs: CalibrationsInput,
): readonly Calibration[] | null {
  if (inputs === undefined) return null;
  let before: WallMs | null = null;
  return inputs.flatMap((input, index) => {
    if (input === undefined) return [];
    const at = [...path, index];
    const fromMs = readFrom(context, [...at, 'from'], input.from, before);
    if (index > 0) checkLater(context, at, input.from);
    if (input.scale === 0) {
      const allowed = 'any number but 0, which would make all readings alike';
      context.report.problem([...at, 'scale'], { message: 'found 0', allowed });
    }
    before = fromMs ?? before;
    return [{ fromMs, scale: input.scale ?? 1, offset: input.offset ?? 0 }];
  });
}

/** States and switches are no measurements: no number of theirs can be corrected. */
export function checkCalibrated(
  context: Context,
  entries: readonly PointEntry[],
  rules: readonly Rule[],
): void {
  const wordRules = rules.filter(({ levels }) =>
    levels.some(({ comparator }) => isWord(comparator)),
  );
  for (const { pattern, calibrations } of entries) {
    if (calibrations === null || calibrations.length === 0) continue;
    for (const { name, points } of wordRules) {
      const point = points.find((other) => meet(pattern, other));
      if (point === undefined) continue;
      const which = pattern.exact ? pattern.text : point.text;
      context.report.problem(['points', pattern.text, 'calibrations'], {
        message: `${quote(which)} has states, as the rule ${quote(name)} says, and nothing to correct`,
        allowed: 'calibrations of points with numbers',
        atKey: true,
      });
      break;
    }
  }
}

function isWord(comparator: Comparator): boolean {
  return (
    (comparator.kind === 'equals' || comparator.kind === 'changes_to') &&
    typeof comparator.value !== 'number'
  );
}

// Two globs may have a point in common or not: nothing is said of them unless they are the same.
function meet(one: PointPattern, other: PointPattern): boolean {
  if (one.text === other.text) return true;
  if (one.exact) return matchesText(other, one.text);
  return other.exact && matchesText(one, other.text);
}

function readFrom(
  context: Context,
  path: Path,
  text: string | undefined,
  before: WallMs | null,
): WallMs | null {
  if (text === undefined) return null;
  const fromMs = parseDate(text);
  if (fromMs === null) {
    const message = `there is no ${quote(text)}`;
    context.report.problem(path, { message, allowed: 'a day or a time of the calendar' });
    return null;
  }
  if (before === null || fromMs > before) return fromMs;
  const relation = fromMs === before ? 'is the date of' : 'is earlier than';
  const message = `${text} ${relation} the calibration before it, ${dateText(before)}`;
  context.report.problem(path, { message, allowed: 'each calibration later than the one before' });
  return fromMs;
}

// Only the first one may hold from the beginning.
function checkLater(context: Context, path: Path, from: string | undefined): void {
  if (from !== undefined || context.report.isTouched([...path, 'from'])) return;
  const message = 'a later calibration without a date';
  context.report.problem(path, { message, allowed: 'from: beside scale and offset' });
}
