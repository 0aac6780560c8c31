import { describe, expect, test } from '@jest/globals';
import { type Analysis, type OptionValues, plainText, type Reporter } from '@virt-similarity/core';
import { NewickReporter, NexusReporter, PhyloXmlReporter } from '@virt-similarity/reporters';
import { sampleAnalysis } from '@virt-similarity/testing';
import { caterpillar, FAMILY } from '../../fixtures/analysis.js';

const REPORTERS: readonly [string, Reporter][] = [
  ['Newick', new NewickReporter()],
  ['NEXUS', new NexusReporter()],
  ['phyloXML', new PhyloXmlReporter()],
];

async function warnings(reporter: Reporter, analysis: Analysis, options: OptionValues = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of reporter.warnings?.(analysis, options, { isCompanionWritten: true }) ?? []) {
    lines.push(plainText(line));
  }
  return lines;
}

/** Returns a tree of images that are all at the same distance from each other. */
function star(size: number, height: number): Analysis {
  const names = Array.from({ length: size }, (_, image) => `image-${image}`);
  const merges = names.slice(1).map((_, index): [number, number, number] => {
    return index === 0 ? [0, 1, height] : [size + index - 1, index + 1, height];
  });
  return sampleAnalysis(names, merges, { distances: { size, values: new Float64Array(0) } });
}

describe.each(REPORTERS)('the warnings of a %s tree', (_, reporter) => {
  test('are empty for a tree that every viewer draws', async () => {
    expect(await warnings(reporter, FAMILY)).toEqual([]);
    expect(await warnings(reporter, caterpillar(4001))).toEqual([]);
    expect(await warnings(reporter, star(5000, 1))).toEqual([]);
    expect(await warnings(reporter, sampleAnalysis(['alone'], []))).toEqual([]);
  });

  test('name the viewers that fail on a deep tree, and what helps', async () => {
    const found = 'the tree has 4001 levels, and Auspice and IcyTree fail on more than 4000';
    const remedy = 'open it in phylotree.js or Taxonium';
    const deep = caterpillar(4002);
    expect(await warnings(reporter, { ...deep, parameters: { ...deep.parameters, linkage: 'average' } })).toEqual([
      `${found}; ${remedy}`,
    ]);
    expect(await warnings(reporter, { ...deep, parameters: { ...deep.parameters, linkage: 'single' } })).toEqual([
      `${found}; ${remedy}, or choose \`linkage: 'average'\`, which usually gives fewer levels`,
    ]);
  });

  test('name the viewer that fails on a node of many children, and what helps', async () => {
    expect(await warnings(reporter, star(5001, 1))).toEqual([
      'a node of the tree has 5001 children, and IcyTree fails on more than 5000; write a Newick tree with `binary: true`',
    ]);
  });

  test('report that all distances are 0', async () => {
    expect(await warnings(reporter, star(3, 0))).toEqual([
      'all distances are 0, so that Taxonium cannot scale the tree, and Auspice draws each branch with length 1; open it in another viewer',
    ]);
  });
});

test('a binary Newick tree of a node with many children needs no warning', async () => {
  expect(await warnings(new NewickReporter(), star(10_000, 1), { binary: true })).toEqual([]);
});
