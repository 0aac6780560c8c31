import {
  type Analysis,
  nearestItems,
  type OptionDeclarations,
  type Reporter,
  terminalText,
  type ValuesOf,
} from '@virt-similarity/core';

const OPTIONS = {
  unit: { type: 'enum', values: ['blocks', 'bytes'], default: 'blocks', description: 'unit of the data of an image' },
} as const satisfies OptionDeclarations;

/** Writes a Markdown table of the images with their data, their nearest image and its distance. */
export class SummaryReporter implements Reporter {
  readonly extension = '.summary.md';
  readonly mediaType = 'text/markdown';
  readonly options = OPTIONS;

  *report({ images, distances, parameters }: Analysis, options: ValuesOf<typeof OPTIONS>): Generator<string> {
    const { items, distances: nearest } = nearestItems(distances);
    const bytesPerUnit = options.unit === 'bytes' ? parameters.blockSize : 1;
    yield `| image | data in ${options.unit} | nearest image | distance in ${parameters.unit} |\n`;
    yield '| --- | ---: | --- | ---: |\n';
    for (const [index, { name, dataBlocks }] of images.entries()) {
      const other = images[items[index]!];
      const cells = other === undefined ? ['', ''] : [cell(other.name), nearest[index]];
      yield `| ${[cell(name), dataBlocks * bytesPerUnit, ...cells].join(' | ')} |\n`;
    }
  }
}

/** Image names can contain any characters: escapes those that a terminal, Markdown or HTML interprets. */
function cell(name: string): string {
  return terminalText(name).replace(/[|\\<>&`*_[\]~$]/g, (character) => `&#${character.charCodeAt(0)};`);
}
