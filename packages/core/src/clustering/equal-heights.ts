/**
 * Heights that differ by no more than this fraction count as equal. Two ways of computing one and the same height
 * differ by a few roundings of 1.1e-16 each; distances that really differ, being quotients of block counts, differ
 * by far more.
 */
export const HEIGHT_TOLERANCE = 1e-12;

/** Whether two heights are the same but for rounding. */
export function equalHeights(a: number, b: number): boolean {
  return Math.abs(a - b) <= HEIGHT_TOLERANCE * Math.max(a, b);
}
