import { durationMsMax } from '../domain/duration.ts';

/** Bounds on what a config may be: what lies beyond is a mistake or an attack, and is refused with its place. */
export const configLimits = {
  /** Size of the file. */
  fileBytesMax: 1024 * 1024,
  /** How deep maps and lists may nest. */
  depthMax: 32,
  /** Values in the file once every YAML alias is expanded. */
  valuesMax: 100_000,
  /** Problems reported at once. */
  problemsMax: 1_000,
  nameCharsMax: 100,
  topicCharsMax: 1_000,
  /** Message templates and payloads. */
  textCharsMax: 10_000,
  expressionCharsMax: 2_000,
  passwordBytesMax: 4 * 1024,
  durationMsMax,
  /** Readings and other steps of one test, once `every:` is written out. */
  testMovesMax: 200_000,
  /** Overrides of one rule, and the combinations of those that hold for the same point. */
  overridesMax: 1_000,
  /** The window of a rule. */
  windowMsMin: 1_000,
  windowMsMax: 31 * 86_400_000,
  /** A PUBACK waits up to this long in the worst case. */
  commitDelayMsMax: 60_000,
  /** Of the boards that take the most. */
  pinEveryMsMax: 3_600_000,
  debounceMsMax: 10_000,
} as const;
