import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { nearestItems } from '@virt-similarity/core/reporting';
import { CLUSTER_OPTIONS, clustersOf } from './clusters-of.js';
import { csvLine } from './table-cell.js';

/**
 * Writes a header and one line of comma-separated values for each image: its name and path; its cluster, numbered from
 * 1; the number of images in the cluster; the nearest image and its distance. Annotations follow.
 */
export class ClustersReporter implements Reporter {
  readonly extension = '.clusters.csv';
  readonly mediaType = 'text/csv';
  readonly options: OptionDeclarations = CLUSTER_OPTIONS;

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const { images, distances, annotations = [] } = analysis;
    const clusters = clustersOf(analysis, options);
    const counts = new Map<number, number>();
    for (const cluster of clusters) {
      counts.set(cluster, (counts.get(cluster) ?? 0) + 1);
    }
    const nearest = nearestItems(distances);
    yield csvLine([
      'image',
      'path',
      'cluster',
      'images',
      'nearest',
      'distance',
      ...annotations.map(({ name: title }) => title),
    ]);
    for (const [index, { name, path }] of images.entries()) {
      const cluster = clusters[index]!;
      const other = images[nearest.items[index]!];
      const distance = other && nearest.distances[index];
      yield csvLine([
        name,
        path,
        cluster + 1,
        counts.get(cluster),
        other?.name,
        distance,
        ...annotations.map(({ values }) => values[index]),
      ]);
    }
  }
}
