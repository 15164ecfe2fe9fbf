import type { Brand } from './brand.ts';

/** Number of a journal row: strictly growing over the life of an installation; may have holes, never twins. */
export type Seq = Brand<number, 'Seq'>;

/** How far a reading can be trusted. The index is the code stored on disk. */
export const qualities = ['good', 'suspect', 'bad', 'stale'] as const;
export type Quality = (typeof qualities)[number];

/** Stored code of each quality. */
export const qualityCodes: Readonly<Record<Quality, number>> = {
  good: 0,
  suspect: 1,
  bad: 2,
  stale: 3,
};

/** Added to the stored quality code of a reading that is no news: by it the point has no other last value. */
export const historyOnlyFlag = 16;

/** Added to that of a reading that came late, or after one that is newer by its own time: some rules may judge it. */
export const lateFlag = 32;

/** Added to that of a reading that was stamped while the clock was not trusted: its wall time is not to be believed. */
export const unsureTimeFlag = 64;

/** Takes the place of `unsureTimeFlag` once its wall time was put right. */
export const restampedFlag = 128;

const qualityMask = 15;

/** Name of a stored quality code; an unknown code is read as `bad`, the safe side. */
export function qualityOf(code: number): Quality {
  return qualities[code & qualityMask] ?? 'bad';
}

/** Whether a stored quality is that of a good reading that is news. */
export function isGoodNews(code: number): boolean {
  return (code & (qualityMask | historyOnlyFlag)) === qualityCodes.good;
}

/** A value as people see it. */
export type Value = number | boolean | string;
