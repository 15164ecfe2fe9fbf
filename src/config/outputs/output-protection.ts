import { formatDuration } from '../../domain/duration.ts';
import type { OutputSpec } from '../../domain/output.ts';
import type { Context } from '../context.ts';
import { quote, type Path } from '../text/problem.ts';
import { closest } from '../text/suggest.ts';

/** Times of one output that contradict each other. */
export function checkTimes(context: Context, path: Path, output: Omit<OutputSpec, 'way'>): void {
  const { maxOnMs, minOnMs, pulseMs, feedback } = output;
  const say = (key: string, message: string, allowed: string): void => {
    if (context.report.isTouched([...path, key])) return;
    context.report.problem([...path, key], { message, allowed, atKey: true });
  };
  if (minOnMs !== null && maxOnMs !== null && minOnMs > maxOnMs) {
    const found = `min_on of ${formatDuration(minOnMs)} is longer than max_on`;
    say('min_on', found, `at most ${formatDuration(maxOnMs)}`);
  }
  if (pulseMs === null) return;
  if (maxOnMs !== null)
    say('max_on', 'max_on: beside pulse:', 'one of them: a pulse has its own end');
  if (minOnMs !== null)
    say('min_on', 'min_on: beside pulse:', 'one of them: a pulse has its own end');
  if (output.idle !== output.safe)
    say('idle', 'an idle level that is not safe, beside pulse:', 'idle as safe: a pulse ends');
  if (feedback !== null && feedback.withinMs >= pulseMs) {
    const found = `it is to be seen within ${formatDuration(feedback.withinMs)}, and the pulse is over before`;
    say('feedback', found, `within: shorter than ${formatDuration(pulseMs)}`);
  }
}

/** Outputs that are never on together must be able to be off together. */
export function checkInterlocks(
  context: Context,
  outputs: readonly OutputSpec[],
  names: readonly string[],
): void {
  const specs = new Map(outputs.map((spec) => [spec.name, spec]));
  for (const { name, neverWith, safe, idle } of outputs) {
    const path = ['outputs', name, 'never_with'];
    for (const [index, other] of neverWith.entries()) {
      const say = (message: string, allowed: string, suggestion: string | null = null): void =>
        context.report.problem([...path, index], { message, allowed, suggestion });
      if (other === name) {
        say(`${quote(name)} is never on together with itself`, 'other outputs');
        continue;
      }
      if (!names.includes(other)) {
        const others = names.filter((one) => one !== name);
        const allowed = others.length === 0 ? 'a name from outputs:' : others.join(', ');
        say(`there is no output ${quote(other)}`, allowed, closest(other, others));
        continue;
      }
      const partner = specs.get(other);
      if (partner === undefined) continue;
      for (const [whose, spec] of [
        [name, { safe, idle }],
        [other, partner],
      ] as const) {
        if (spec.safe === 'on')
          say(`${quote(whose)} is on when it is safe: after a start both could be on`, 'safe: off');
      }
      if (safe === 'off' && idle === 'on' && partner.safe === 'off' && partner.idle === 'on')
        say(`${quote(name)} and ${quote(other)} are both on when idle`, 'idle: on for one of them');
    }
  }
}
