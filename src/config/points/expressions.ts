import type { Expression, ExpressionInput } from '../../domain/expression.ts';
import { compatible, parseUnit, unitNames } from '../../domain/units.ts';
import { readLine, readText, readUnit, type Context } from '../context.ts';
import { checkExpression, reservedNames } from './expression-check.ts';
import { configLimits } from '../limits.ts';
import { splitPoint, type FindSettings } from './point-units.ts';
import { readPattern } from './points.ts';
import { quote, type Path } from '../text/problem.ts';
import { closest } from '../text/suggest.ts';

type Scalar = string | number | boolean;

/** `expression` and `inputs` as they are written, without what has a wrong shape. */
export interface ExpressionText {
  readonly expression?: Scalar | undefined;
  readonly inputs?:
    | {
        readonly [name: string]:
          | Scalar
          | { readonly point?: Scalar | undefined; readonly unit?: Scalar | undefined }
          | undefined;
      }
    | null
    | undefined;
}

/**
 * Reads the expression at `path` and the inputs beside it; null, with all that is wrong, if it cannot be computed, or
 * if there is none. The unit of each input is checked against what is known of its point.
 */
export function readExpression(
  context: Context,
  path: Path,
  written: ExpressionText,
  findSettings: FindSettings,
): Expression | null {
  const { report } = context;
  const textPath = [...path, 'expression'];
  const inputsPath = [...path, 'inputs'];
  const given = Object.entries(written.inputs ?? {});
  if (written.expression === undefined) {
    if (given.length > 0 && !report.isTouched(textPath)) {
      const mistake = {
        message: 'inputs: without an expression',
        allowed: 'expression: beside it',
      };
      report.problem(inputsPath, { ...mistake, atKey: true });
    }
    return null;
  }
  const text = readText(context, textPath, written.expression);
  if (text.length > configLimits.expressionCharsMax) {
    const allowed = `at most ${configLimits.expressionCharsMax} characters`;
    report.problem(textPath, { message: `found ${text.length} characters`, allowed });
    return null;
  }
  const names = given.map(([name]) => name);
  const inputs = given.map(([name, value]) =>
    readInput(context, [...inputsPath, name], value, findSettings),
  );
  // Of inputs that have no shape at all the names are not known.
  if (written.inputs === undefined && report.isTouched(inputsPath)) return null;
  const checked = checkExpression(text, names);
  if (!checked.ok) {
    for (const { at, ...mistake } of checked.mistakes)
      report.problem(textPath, { ...mistake, textAt: at });
    return null;
  }
  const sound = inputs.filter((input) => input !== null);
  if (sound.length < inputs.length) return null;
  if (checked.used.size === 0) {
    report.problem(textPath, { message: 'no input is used', allowed: 'at least one of inputs:' });
    return null;
  }
  for (const name of names) {
    if (checked.used.has(name)) continue;
    const message = 'not used by the expression, which is bad all the same when this is';
    report.warning([...inputsPath, name], { message, atKey: true });
  }
  return { text, kind: checked.kind, tree: checked.tree, inputs: sound };
}

/** Reads `device/metric unit`, or a point and a unit by themselves. */
function readInput(
  context: Context,
  path: Path,
  value: NonNullable<ExpressionText['inputs']>[string],
  findSettings: FindSettings,
): ExpressionInput | null {
  const name = String(path.at(-1));
  if (!isInputName(name)) {
    const allowed = 'letters, digits and _, and no word that an expression knows';
    context.report.problem(path, {
      message: `an input cannot be called ${quote(name)}`,
      allowed,
      atKey: true,
    });
    return null;
  }
  if (value === undefined) return null;
  const read =
    typeof value === 'object' ? readParts(context, path, value) : readLineOf(context, path, value);
  if (read === null) return null;
  const { point, unit, unitPath } = read;
  const pattern = readPattern(context, read.pointPath, point, false);
  if (pattern === null) return null;
  if (!pattern.exact) {
    const message = `${quote(point)} may be many points`;
    context.report.problem(read.pointPath, { message, allowed: 'one point, without *' });
    return null;
  }
  for (const { label, settings } of findSettings(pattern)) {
    if (unit === null || settings.unit === null || compatible(unit, settings.unit)) continue;
    context.report.problem(unitPath, {
      message: `${unit} does not fit ${label}, which is in ${settings.unit}`,
      allowed: `a unit like ${settings.unit}`,
    });
    return null;
  }
  return { name, ...splitPoint(point), unit };
}

interface WrittenInput {
  readonly point: string;
  readonly unit: string | null;
  readonly pointPath: Path;
  readonly unitPath: Path;
}

function readParts(
  context: Context,
  path: Path,
  value: { readonly point?: Scalar | undefined; readonly unit?: Scalar | undefined },
): WrittenInput | null {
  const pointPath = [...path, 'point'];
  const unitPath = [...path, 'unit'];
  if (value.point === undefined) return null;
  const point = readLine(context, pointPath, value.point);
  if (point === null) return null;
  if (value.unit === undefined) return { point, unit: null, pointPath, unitPath };
  const unit = readUnit(context, unitPath, readText(context, unitPath, value.unit));
  return unit === undefined ? null : { point, unit, pointPath, unitPath };
}

/**
 * Units have spaces and slashes (`% RH`, `m/s`), and so have names: the unit is the longest end of the line that is one
 * and leaves a point before it.
 */
function readLineOf(context: Context, path: Path, value: Scalar): WrittenInput | null {
  const line = readLine(context, path, value)?.trim() ?? null;
  if (line === null) return null;
  const places = { pointPath: path, unitPath: path };
  if (!line.includes('/')) {
    const allowed = 'device/metric and a unit, such as shed/temperature °C';
    context.report.problem(path, { message: `${quote(line)} has no slash`, allowed });
    return null;
  }
  for (const { index, 0: space } of line.matchAll(/\s+/g)) {
    const point = line.slice(0, index);
    const unit = parseUnit(line.slice(index + space.length));
    if (unit !== null && /[^/]\/[^/]*$/.test(point)) return { point, unit, ...places };
  }
  const afterSlash = line.slice(line.lastIndexOf('/') + 1);
  const unknown = /\s(\S.*)$/.exec(afterSlash)?.[1];
  if (unknown === undefined) return { point: line, unit: null, ...places };
  context.report.problem(path, {
    message: `unknown unit ${quote(unknown)}`,
    allowed:
      'device/metric and a unit; a name with a space as { point: "my shed/air temperature" }',
    suggestion: closest(unknown, unitNames),
  });
  return null;
}

function isInputName(name: string): boolean {
  return (
    name.length <= configLimits.nameCharsMax &&
    /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) &&
    !reservedNames.includes(name)
  );
}
