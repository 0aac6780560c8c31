import type { Analysis, AnalyzedImage, CladogramNode, Encryption, ErrorCode, Merge } from '@virt-similarity/core';
import { excerptOf, messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { checkReportTrees } from './check-report-trees.js';
import { REPORT_VERSION } from './json.js';

type Members = Readonly<Record<string, unknown>>;

/**
 * Returns the analysis in the text of a JSON report. The analysis can be reported in other formats, or extended. Its
 * images have no hash vectors: set them before `Analyzer.extend`. Ignores annotations, the cluster of each image, and
 * members that this version does not know.
 *
 * @throws `corrupt` if the text is not a report of this version, if two images have the same name, or if `merges`,
 *   `inverted` and `clusters` contradict each other.
 */
export function parseJsonReport(text: string): Analysis {
  try {
    return analysisOf(membersOf(JSON.parse(text), 'a report'));
  } catch (thrown) {
    throw new VirtSimilarityError('corrupt', `cannot read the JSON report: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function analysisOf(report: Members): Analysis {
  const { format, version } = report;
  if (format !== 'virt-similarity-report' || version !== REPORT_VERSION) {
    const expected = `format "virt-similarity-report" and version ${REPORT_VERSION}`;
    throw new Error(`expected ${expected}, found ${excerptOf(format)} and ${excerptOf(version)}`);
  }
  const images = listOf(report, 'images', imageOf);
  const size = images.length;
  if (size === 0) {
    throw new Error('expected at least one image, found none');
  }
  requireOwnNames(images);
  const parameters = membersOf(report.parameters, 'parameters');
  const merges = itemsOf(report, 'merges', size - 1).map((merge, index) => mergeOf(merge, size + index));
  const nodes = listOf(report, 'clusters', (node, index) => nodeOf(node, size + index));
  const trees = { dendrogram: { size, merges, inverted: booleanOf(report, 'inverted') }, cladogram: { size, nodes } };
  checkReportTrees(trees);
  return {
    images,
    failures: listOf(report, 'failures', failureOf),
    parameters: {
      algorithm: textOf(parameters, 'algorithm'),
      blockSize: numberOf(parameters, 'blockSize'),
      metric: textOf(parameters, 'metric'),
      unit: textOf(parameters, 'unit'),
      linkage: textOf(parameters, 'linkage'),
    },
    distances: { size, values: Float64Array.from(itemsOf(report, 'distances', (size * (size - 1)) / 2), distanceOf) },
    ...trees,
  };
}

function imageOf(value: unknown): AnalyzedImage {
  const image = membersOf(value, 'an image');
  return {
    name: textOf(image, 'name'),
    path: textOf(image, 'path'),
    virtualSize: numberOf(image, 'virtualSize'),
    dataBlocks: numberOf(image, 'dataBlocks'),
    ...(image.repeatedBlocks !== undefined && { repeatedBlocks: numberOf(image, 'repeatedBlocks') }),
    ...(image.vectorKey !== undefined && { vectorKey: textOf(image, 'vectorKey') }),
    ...(image.encryption !== undefined && { encryption: encryptionOf(image.encryption) }),
  };
}

function requireOwnNames(images: readonly AnalyzedImage[]): void {
  const names = new Set<string>();
  for (const { name } of images) {
    if (names.has(name)) {
      throw new Error(`expected images with different names, found ${excerptOf(name)} twice`);
    }
    names.add(name);
  }
}

function encryptionOf(value: unknown): Encryption {
  if (value === 'ciphertext' || value === 'decrypted') {
    return value;
  }
  throw new Error(`expected encryption to be ciphertext or decrypted, found ${excerptOf(value)}`);
}

function failureOf(value: unknown): Analysis['failures'][number] {
  const failure = membersOf(value, 'a failure');
  const path = textOf(failure, 'path');
  const code = textOf(failure, 'code') as ErrorCode;
  return { path, error: new VirtSimilarityError(code, textOf(failure, 'message'), { image: path }) };
}

function distanceOf(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) {
    return value;
  }
  throw new Error(`expected distances of at least 0, found ${excerptOf(value)}`);
}

/** @param cluster the number of the cluster that the merge forms; its parts must have smaller numbers */
function mergeOf(value: unknown, cluster: number): Merge {
  const merge = membersOf(value, 'a merge');
  return {
    left: clusterOf(merge.left, cluster),
    right: clusterOf(merge.right, cluster),
    height: distanceOf(merge.height),
    size: numberOf(merge, 'size'),
  };
}

function nodeOf(value: unknown, cluster: number): CladogramNode {
  const node = membersOf(value, 'a cluster');
  const children = itemsOf(node, 'children').map((child) => clusterOf(child, cluster));
  if (children.length < 2) {
    throw new Error(`expected clusters of at least two parts, found ${children.length}`);
  }
  return { height: distanceOf(node.height), children };
}

function clusterOf(value: unknown, end: number): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < end) {
    return value as number;
  }
  throw new Error(`expected the number of a cluster below ${end}, found ${excerptOf(value)}`);
}

function membersOf(value: unknown, what: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Members;
  }
  throw new Error(`expected ${what} as an object, found ${excerptOf(value)}`);
}

function listOf<Item>(members: Members, name: string, parse: (value: unknown, index: number) => Item): Item[] {
  return itemsOf(members, name).map(parse);
}

function itemsOf(members: Members, name: string, count?: number): readonly unknown[] {
  const value = members[name];
  if (!Array.isArray(value)) {
    throw new Error(`expected ${name} as a list, found ${excerptOf(value)}`);
  }
  if (count !== undefined && value.length !== count) {
    throw new Error(`expected ${count} ${name}, found ${value.length}`);
  }
  return value;
}

function textOf(members: Members, name: string): string {
  const value = members[name];
  if (typeof value === 'string') {
    return value;
  }
  throw new Error(`expected ${name} as text, found ${excerptOf(value)}`);
}

function booleanOf(members: Members, name: string): boolean {
  const value = members[name];
  if (typeof value === 'boolean') {
    return value;
  }
  throw new Error(`expected ${name} as true or false, found ${excerptOf(value)}`);
}

function numberOf(members: Members, name: string): number {
  const value = members[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    return value;
  }
  throw new Error(`expected ${name} as a whole number, found ${excerptOf(value)}`);
}
