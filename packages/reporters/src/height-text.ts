import type { AnalysisParameters } from '@virt-similarity/core';

/** Formats a height: integers and numbers from 100,000 on without decimals, others with six significant digits. */
export function heightText(height: number): string {
  if (Number.isInteger(height)) {
    return String(height);
  }
  return Math.abs(height) < 100_000 ? String(Number(height.toPrecision(6))) : height.toFixed(0);
}

/** Returns the caption below a tree, which says what its heights mean. */
export function heightsCaption({ metric, unit, linkage }: AnalysisParameters): string {
  return `Heights: ${metric} distance in ${unit}, ${linkage} linkage.`;
}
