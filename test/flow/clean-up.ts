import { afterAll } from 'vitest';

const endings: (() => unknown)[] = [];

/** Ends something when all tests of the file are over: hooks of a single test do not reach into concurrent ones. */
export function onFileFinished(end: () => unknown): void {
  endings.push(end);
}

afterAll(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});
