import type { Context } from './context.ts';
import { quote, type Path } from './problem.ts';
import { closest } from './suggest.ts';

/** What a message may be filled with (contract 1). */
export const messageFields =
  'device metric value unit limit severity rule since duration worst'.split(' ');

/** Reports each `{field}` of a message that is not one. */
export function checkMessage(context: Context, path: Path, template: string): void {
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
