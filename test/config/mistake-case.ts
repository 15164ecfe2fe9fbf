/** A config with one mistake. `¦` stands right before the place that must be reported, and is removed. */
export interface MistakeCase {
  readonly text: string;
  readonly message: string;
  /** What must be named as allowed; null: nothing. */
  readonly allowed: string | null;
  readonly suggestion?: string;
}
