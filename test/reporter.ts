import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/**
 * Ends a run with what was skipped and why, then one line for machines: `N passed, N failed, N skipped`.
 * A file that cannot be loaded and an error outside of every test count as failed.
 */
export default class SummaryReporter implements Reporter {
  readonly #skipped: string[] = [];
  #passed = 0;
  #failed = 0;

  onTestRunStart(): void {
    this.#skipped.length = 0;
    this.#passed = 0;
    this.#failed = 0;
  }

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === 'passed') this.#passed += 1;
    else if (result.state === 'failed') this.#failed += 1;
    else this.#skipped.push(skipLine(test));
  }

  onTestModuleEnd(module: TestModule): void {
    const failedTests = [...module.children.allTests('failed')].length;
    if (module.state() === 'failed' && failedTests === 0) this.#failed += 1;
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const failed = this.#failed + unhandled.length;
    for (const line of this.#skipped) process.stdout.write(`skipped: ${line}\n`);
    const counts = `${this.#passed} passed, ${failed} failed, ${this.#skipped.length} skipped`;
    process.stdout.write(`${counts}\n`);
  }
}

// `context.skip('no mosquitto on this machine')` gives the note: it names what is missing.
function skipLine(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return `${test.module.relativeModuleId} > ${test.fullName}: ${note ?? 'no reason given'}`;
}
