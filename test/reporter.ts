import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/**
 * Ends a run with what ran out of time before it passed, and what was skipped and why, then one line for machines: `N passed, N failed, N skipped`.
 * A file that cannot be loaded and an error outside of every test count as failed.
 */
export default class SummaryReporter implements Reporter {
  readonly #skipped = new Map<string, number>();
  readonly #late: string[] = [];
  #passed = 0;
  #failed = 0;

  onTestRunStart(): void {
    this.#skipped.clear();
    this.#late.length = 0;
    this.#passed = 0;
    this.#failed = 0;
  }

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (test.diagnostic()?.flaky === true)
      this.#late.push(`${test.module.relativeModuleId}: ${test.fullName}`);
    if (result.state === 'passed') this.#passed += 1;
    else if (result.state === 'failed') this.#failed += 1;
    else {
      const reason = skipReason(test);
      this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
    }
  }

  onTestModuleEnd(module: TestModule): void {
    const failedTests = [...module.children.allTests('failed')].length;
    if (module.state() === 'failed' && failedTests === 0) this.#failed += 1;
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const failed = this.#failed + unhandled.length;
    for (const name of this.#late) process.stdout.write(`ran out of time once in ${name}\n`);
    let skipped = 0;
    for (const [reason, count] of this.#skipped) {
      skipped += count;
      process.stdout.write(`skipped ${count} in ${reason}\n`);
    }
    process.stdout.write(`${this.#passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}

// `context.skip('no mosquitto on this machine')` gives the note: it names what is missing.
function skipReason(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return `${test.module.relativeModuleId}: ${note ?? `${test.fullName} (no reason given)`}`;
}
