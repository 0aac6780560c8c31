import { type Analysis, nearestItems, type Plugin, type Reporter, terminalText } from '@virt-similarity/core';

/** Writes a line for each image: its name, the nearest other image, and their distance. */
export class NearestReporter implements Reporter {
  readonly extension = '.nearest.tsv';
  readonly mediaType = 'text/tab-separated-values';

  *report({ images, distances }: Analysis): Generator<string> {
    const nearest = nearestItems(distances);
    for (const [index, { name }] of images.entries()) {
      const other = images[nearest.items[index]!];
      // Names can contain any characters, including tabs and line breaks.
      yield `${terminalText(name)}\t${other ? `${terminalText(other.name)}\t${nearest.distances[index]}` : '\t'}\n`;
    }
  }
}

export default {
  name: 'nearest-reporter',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  reporters: { nearest: NearestReporter },
} satisfies Plugin;
