import type { AnalysisParameters } from '@virt-similarity/core';

/**
 * Formats a height. Whole numbers, and numbers from 100,000 on, have no decimals; others have at most six significant
 * digits.
 */
export function heightText(height: number): string {
  if (Number.isInteger(height)) {
    return String(height);
  }
  return Math.abs(height) < 100_000 ? String(Number(height.toPrecision(6))) : height.toFixed(0);
}

/** Returns the caption below a tree, which states what its heights mean. */
export function heightsCaption({ metric, unit, linkage }: AnalysisParameters): string {
  return `Heights: ${metric} distance in ${unit}, ${linkage} linkage.`;
}
