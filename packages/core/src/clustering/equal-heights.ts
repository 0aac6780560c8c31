/**
 * The largest relative difference of two heights that count as equal. Different ways to compute the same height differ
 * by a few roundings of 1.1e-16 each. Distances that really differ, such as quotients of different block counts,
 * usually differ by far more.
 */
export const HEIGHT_TOLERANCE = 1e-12;

/** Returns whether two heights are equal, up to rounding. */
export function equalHeights(a: number, b: number): boolean {
  return Math.abs(a - b) <= HEIGHT_TOLERANCE * Math.max(a, b);
}
