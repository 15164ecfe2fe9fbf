import { readText, type Context } from '../context.ts';
import { configLimits } from '../limits.ts';
import { quote, type Path } from '../text/problem.ts';
import { closest } from '../text/suggest.ts';

/** What a message may be filled with (contract 1). */
export const messageFields =
  'device metric value unit limit severity rule since duration worst'.split(' ');

/** Reports each `{field}` of a message that is not one. */
function checkMessage(context: Context, path: Path, template: string): void {
  for (const match of template.matchAll(/\{([^{}]*)\}/g)) {
    const field = match[1] ?? '';
    if (messageFields.includes(field)) continue;
    const suggestion = closest(field, messageFields);
    context.report.problem(path, {
      message: `unknown field ${quote(match[0])}`,
      allowed: messageFields.map((known) => `{${known}}`).join(' '),
      suggestion: suggestion === null ? null : `{${suggestion}}`,
    });
  }
}

/** The template of a message; null: none is given. */
export function readMessage(
  context: Context,
  path: Path,
  value: string | number | boolean | undefined,
): string | null {
  if (value === undefined) return null;
  const text = readText(context, path, value);
  if (text.length > configLimits.textCharsMax) {
    const allowed = `at most ${configLimits.textCharsMax} characters`;
    context.report.problem(path, { message: `found ${text.length} characters`, allowed });
  }
  checkMessage(context, path, text);
  return text;
}
