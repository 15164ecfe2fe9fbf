import { momentText, type Failure } from '../domain/rehearsal.ts';
import type { FileResult } from './test-report.ts';

/** The results as JUnit XML, the way CI servers read it: a suite a file, a case a test. */
export function junitXml(results: readonly FileResult[], tookMs: number): string {
  const all = results.flatMap(({ outcomes }) => outcomes);
  const counts = countsOf(
    all.map(({ outcome }) => outcome.failures.length),
    tookMs,
  );
  const suites = results.map(suiteXml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="limen"${counts}>\n${suites}</testsuites>\n`;
}

function suiteXml({ file, outcomes }: FileResult): string {
  const tookMs = outcomes.reduce((sum, each) => sum + each.tookMs, 0);
  const counts = countsOf(
    outcomes.map(({ outcome }) => outcome.failures.length),
    tookMs,
  );
  const cases = outcomes.map(({ outcome, tookMs: ownMs }) => {
    const { name, line, failures } = outcome;
    const head = `    <testcase${attributes({ name, classname: file, file, line, time: seconds(ownMs) })}`;
    if (failures.length === 0) return `${head}/>\n`;
    const message = failures.map(failureText).join('; ');
    const body = failures.map((failure) => failureBody(failure, file)).join('\n');
    return `${head}>\n      <failure${attributes({ message, type: 'expectation' })}>${escapeXml(body)}</failure>\n    </testcase>\n`;
  });
  return `  <testsuite${attributes({ name: file })}${counts}>\n${cases.join('')}  </testsuite>\n`;
}

function countsOf(failures: readonly number[], tookMs: number): string {
  const failed = failures.filter((count) => count > 0).length;
  return attributes({ tests: failures.length, failures: failed, errors: 0, time: seconds(tookMs) });
}

function failureText({ subject, atMs, differences }: Failure): string {
  const when = atMs === null ? '' : ` at ${momentText(atMs)}`;
  const parts = differences.map(
    ({ what, expected, actual }) => `${what} expected ${expected}, was ${actual}`,
  );
  return `${subject}${when}: ${parts.length === 0 ? 'not as expected' : parts.join(', ')}`;
}

function failureBody(failure: Failure, file: string): string {
  const lines = [`${file}:${failure.line}:${failure.column}: ${failureText(failure)}`];
  for (const { sign, text } of failure.diff) lines.push(`${sign} ${text}`);
  return lines.join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

/** Text as XML 1.0 takes it: control characters and halves of characters have no place there at all. */
function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '�')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll('\n', '&#10;')
  );
}
