import { severities } from '../../domain/rule.ts';
import type { Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import { isMap } from '../text/schema-parts.ts';

/** A map of which some keys take the place of those of the map before. */
export interface Layer {
  readonly path: Path;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * A context for a rule with overrides merged into it: what is read at a path of the rule is looked for, and found wrong,
 * where it is written. What only becomes wrong by an override is told at the override.
 */
export function placeLayers(
  context: Context,
  rulePath: Path,
  rule: Readonly<Record<string, unknown>>,
  overrides: readonly Layer[],
): { readonly context: Context; isWrong(): boolean } {
  const base: Layer = { path: rulePath, name: '', input: rule };
  const layers = [base, ...overrides];
  let isWrong = false;

  function placeOf(path: Path): { readonly layer: Layer; readonly path: Path } {
    const [key, ...rest] = path.slice(rulePath.length);
    const [severity] = rest;
    const isOfLevel = severities.some((one) => one === severity);
    const layer =
      layers.findLast(({ input }) => {
        const value = key === undefined ? undefined : input[key];
        if (value === undefined) return false;
        return !isOfLevel || !isMap(value) || value[String(severity)] !== undefined;
      }) ?? base;
    const value = key === undefined ? undefined : layer.input[key];
    const inner = isOfLevel && !isMap(value) ? rest.slice(1) : rest;
    return { layer, path: [...layer.path, ...(key === undefined ? [] : [key]), ...inner] };
  }

  const { report } = context;
  return {
    isWrong: () => isWrong,
    context: {
      ...context,
      sourceText: (path) => context.sourceText(placeOf(path).path),
      report: {
        ...report,
        isTouched: (path) => report.isTouched(placeOf(path).path),
        problem(path, mistake) {
          const place = placeOf(path);
          if (place.layer !== base) {
            isWrong = true;
            report.problem(place.path, mistake);
            return;
          }
          // The rule is wrong by itself, or it follows from what is: that has been told.
          if (isWrong || report.isTouched(place.path)) return;
          isWrong = true;
          const { path: last, name } = overrides.at(-1) ?? base;
          const message = `with the override of ${quote(name)}, ${mistake.message}`;
          report.problem(last, { ...mistake, message, atKey: true });
        },
      },
    },
  };
}
