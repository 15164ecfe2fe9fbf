import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Those that take longest, longest first. A clean clone has no times of an earlier run to go by.
const longest = [
  'threads/firmata',
  'flow/board',
  'simulation/replay',
  'flow/firmata',
  'threads/boards',
  'flow/serial',
  'cli/simulate-board',
  'threads/ports-faults',
  'faults/locked-file',
  'house/package',
  'firmware-bridge/host/board-session',
  'cli/commands',
  'flow/restart',
  'consumers/outputs/outputs.explorer',
];

/** Begins with the files that take longest, so that none of them is left for one worker at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return index < 0 ? longest.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
