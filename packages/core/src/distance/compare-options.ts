export interface CompareOptions {
  /** Threads that compare, at least 1; as many as there are processors if left out. Little work is done without any. */
  readonly jobs?: number | undefined;
  /** Told how much has been compared, from 0 to 1; 1 once, at the end. */
  readonly onFraction?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
