import type { Analysis, Cladogram, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { UNPRINTABLE } from '@virt-similarity/core/reporting';
import { CLUSTER_OPTIONS, clustersOf } from './clusters-of.js';
import { leafOrder } from './tree-order.js';

/**
 * The version of the format. It changes whenever existing consumers could break; new members alone do not change it.
 */
export const REPORT_VERSION = 1;

/**
 * Writes the analysis without hash vectors as one JSON object that conforms to `schema/report-v1.schema.json`, one
 * record per line. Unprintable characters are escaped, so that the text can be shown on a terminal.
 */
export class JsonReporter implements Reporter {
  readonly extension = '.json';
  readonly mediaType = 'application/json';

  readonly options: OptionDeclarations = CLUSTER_OPTIONS;

  *report(analysis: Analysis, options: OptionValues = {}): Generator<string> {
    const { parameters, dendrogram } = analysis;
    const { algorithm, blockSize, metric, unit, linkage } = parameters;
    yield `{\n"format": "virt-similarity-report",\n"version": ${REPORT_VERSION},\n`;
    yield `"parameters": ${jsonText({ algorithm, blockSize, metric, unit, linkage })},\n`;
    yield* member('images', images(analysis, options));
    yield* member('failures', failures(analysis));
    yield* member('distances', distanceRows(analysis));
    yield* member('merges', merges(analysis));
    yield `"inverted": ${dendrogram.inverted},\n`;
    yield* member('clusters', clusters(analysis.cladogram), '');
    yield '}\n';
  }
}

/** Returns JSON with unprintable characters escaped, so that lone surrogates survive encoding as UTF-8. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, escapeUnits);
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function* member(name: string, lines: Iterable<string>, end = ','): Generator<string> {
  let separator = `"${name}": [\n`;
  let empty = true;
  for (const line of lines) {
    yield separator + line;
    separator = ',\n';
    empty = false;
  }
  yield empty ? `"${name}": []${end}\n` : `\n]${end}\n`;
}

function* images(analysis: Analysis, options: OptionValues): Generator<string> {
  const clusters = clustersOf(analysis, options);
  for (const [index, image] of analysis.images.entries()) {
    const { name, path, virtualSize, dataBlocks, repeatedBlocks, vectorKey, encryption } = image;
    const known = { name, path, virtualSize, dataBlocks, repeatedBlocks, vectorKey, encryption };
    yield jsonText({ ...known, cluster: clusters[index]! + 1, annotations: annotationsOf(analysis, index) });
  }
}

function annotationsOf({ annotations }: Analysis, image: number): Record<string, string> | undefined {
  return annotations && Object.fromEntries(annotations.map(({ name, values }) => [name, values[image]!]));
}

function* failures(analysis: Analysis): Generator<string> {
  for (const { path, error } of analysis.failures) {
    yield jsonText({ path, code: error.code, message: error.message });
  }
}

/** Yields the condensed matrix: for each image except the last, a line with its distances to all later images. */
function* distanceRows({ distances }: Analysis): Generator<string> {
  const { size, values } = distances;
  for (let image = 0, start = 0; image < size - 1; image++) {
    const end = start + size - 1 - image;
    yield values.subarray(start, end).join(',');
    start = end;
  }
}

function* merges({ dendrogram }: Analysis): Generator<string> {
  for (const { left, right, height, size } of dendrogram.merges) {
    yield jsonText({ left, right, height, size });
  }
}

function* clusters(cladogram: Cladogram): Generator<string> {
  const { leaves, first, count } = leafOrder(cladogram);
  for (const [index, { height, children }] of cladogram.nodes.entries()) {
    const cluster = cladogram.size + index;
    const below = leaves.subarray(first[cluster], first[cluster]! + count[cluster]!);
    yield jsonText({ cluster, height, children, images: [...below] });
  }
}
