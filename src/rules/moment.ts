/** When and by which input a verdict came about. */
export interface Moment {
  readonly at: number;
  readonly seq: number;
  /** Wall time of the reading, if it is one; else NaN. */
  readonly atMs: number;
}
