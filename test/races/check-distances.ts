import { readReport } from '../harness/json-report.js';
import type { Digests } from '../harness/vector-digests.js';
import { distanceOf } from './contents.js';
import type { Findings } from './findings.js';

/** The possible contents of each image, by its path. */
export type Versions = ReadonlyMap<string, readonly Digests[]>;

/**
 * Records a fault for each distance in a report that is not the distance between possible contents of its two images.
 */
export function checkDistances(stdout: string, versions: Versions, findings: Findings, where: string): void {
  const report = readReport({ stdout });
  if (report === undefined) {
    findings.fault('wrong distances', where, 'the run printed no report');
    return;
  }
  const paths = report.images.map(({ path }) => path);
  const possible = new Map(paths.map((path) => [path, versions.get(path) ?? []]));
  // The possible contents of an image follow from its distances to the images that are not exchanged.
  forEachPair(paths, report.distances, (one, other, distance) => {
    for (const [fixed, moving] of [
      [one, other],
      [other, one],
    ] as const) {
      const [content, ...more] = possible.get(fixed)!;
      if (more.length > 0 || content === undefined || (versions.get(moving)?.length ?? 0) < 2) {
        continue;
      }
      possible.set(
        moving,
        possible.get(moving)!.filter((version) => distanceOf(version, content) === distance),
      );
    }
  });
  forEachPair(paths, report.distances, (one, other, distance) => {
    findings.count('distances');
    const isPossible = possible
      .get(one)!
      .some((first) => possible.get(other)!.some((second) => distanceOf(first, second) === distance));
    if (!isPossible) {
      findings.fault('wrong distances', where, `${one} and ${other} are ${distance} blocks apart`);
    }
  });
}

function forEachPair(
  paths: readonly string[],
  distances: readonly number[],
  visit: (one: string, other: string, distance: number) => void,
): void {
  let index = 0;
  for (const [row, one] of paths.entries()) {
    for (const other of paths.slice(row + 1)) {
      visit(one, other, distances[index]!);
      index += 1;
    }
  }
}
