import type { AnalysisParameters } from '@virt-similarity/core';

/** A height for people to read: integers and large numbers without decimals, others with six significant digits. */
export function heightText(height: number): string {
  if (Number.isInteger(height)) {
    return String(height);
  }
  return Math.abs(height) < 100_000 ? String(Number(height.toPrecision(6))) : height.toFixed(0);
}

/** What the heights of a tree are, as a sentence to stand below its drawing. */
export function heightsCaption({ metric, unit, linkage }: AnalysisParameters): string {
  return `Heights: ${metric} distance in ${unit}, ${linkage} linkage.`;
}
