export interface CompareOptions {
  /** Told how much has been compared, from 0 to 1; 1 once, at the end. */
  readonly onFraction?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
