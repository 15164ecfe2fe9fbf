/** What the least-squares line through some readings follows from. Times are relative to `originMs`. */
export interface Moments {
  originMs: number;
  count: number;
  meanTime: number;
  meanValue: number;
  /** Sum of products of the differences of time and of value from their means, and of the squares of those of time. */
  together: number;
  spread: number;
}

/** Moments of nothing. */
export function createMoments(): Moments {
  return { originMs: 0, count: 0, meanTime: 0, meanValue: 0, together: 0, spread: 0 };
}

export function clearMoments(moments: Moments, originMs: number): void {
  moments.originMs = originMs;
  moments.count = 0;
  moments.meanTime = 0;
  moments.meanValue = 0;
  moments.together = 0;
  moments.spread = 0;
}

/** Adds a reading (Welford, 1962: without the large squares that would eat the digits). */
export function addReading(moments: Moments, at: number, value: number): void {
  moments.count += 1;
  const time = at - moments.originMs - moments.meanTime;
  moments.meanTime += time / moments.count;
  moments.meanValue += (value - moments.meanValue) / moments.count;
  moments.together += time * (value - moments.meanValue);
  moments.spread += time * (at - moments.originMs - moments.meanTime);
}

/** Adds those of other readings (Chan, Golub and LeVeque, 1979). */
export function addMoments(moments: Moments, more: Moments): void {
  if (more.count === 0) return;
  const count = moments.count + more.count;
  const share = more.count / count;
  const time = more.meanTime + (more.originMs - moments.originMs) - moments.meanTime;
  const rise = more.meanValue - moments.meanValue;
  moments.together += more.together + time * rise * moments.count * share;
  moments.spread += more.spread + time * time * moments.count * share;
  moments.meanTime += time * share;
  moments.meanValue += rise * share;
  moments.count = count;
}

/** Slope of the line, per millisecond; NaN unless there are two times. */
export function slopeOf({ together, spread }: Moments): number {
  return spread > 0 ? together / spread : NaN;
}
