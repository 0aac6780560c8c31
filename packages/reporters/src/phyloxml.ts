import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import type { Wording } from '@virt-similarity/core/errors';
import { branchLengths } from './branch-lengths.js';
import { CLUSTER_OPTIONS, clustersOf } from './clusters-of.js';
import { BRANCH_OPTIONS, requireBranches } from './require-branches.js';
import { treePieces } from './tree-pieces.js';
import { treeWarnings } from './tree-warnings.js';
import { xmlText } from './xml-text.js';

const SCHEMA = 'http://www.phyloxml.org http://www.phyloxml.org/1.20/phyloxml.xsd';

/**
 * Writes the cladogram as phyloXML, for Archaeopteryx and others. Clades have the images' own names, and the properties
 * `virt-similarity:height` of a node and `virt-similarity:cluster` of a leaf.
 *
 * Format: http://www.phyloxml.org/documentation/version_1.20/phyloxml.html.
 *
 * @throws `usage` if branches would be negative and `negative-branches` is not set; as `clustersOf`.
 */
export class PhyloXmlReporter implements Reporter {
  readonly extension = '.phyloxml';
  readonly mediaType = 'application/xml';
  readonly options: OptionDeclarations = { ...BRANCH_OPTIONS, ...CLUSTER_OPTIONS };

  warnings(analysis: Analysis): Iterable<Wording> {
    return treeWarnings(analysis, analysis.cladogram);
  }

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const { cladogram, images, parameters } = analysis;
    const lengths = branchLengths(cladogram);
    requireBranches('phyloxml', analysis, lengths, options);
    const clusters = clustersOf(analysis, options);
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<phyloxml xmlns="http://www.phyloxml.org"';
    yield ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
    yield ` xsi:schemaLocation="${SCHEMA}">\n`;
    yield `<phylogeny rooted="true" branch_length_unit="${xmlText(parameters.unit)}">\n`;
    yield* treePieces(cladogram, {
      leaf: (image) => {
        const name = `<name>${xmlText(images[image]!.name)}</name>`;
        return `<clade branch_length="${lengths[image]}">${name}${property('cluster', 'integer', clusters[image]! + 1)}</clade>\n`;
      },
      open: (cluster, { height }) =>
        `<clade branch_length="${lengths[cluster]}">${property('height', 'double', height)}\n`,
      separator: '',
      close: () => '</clade>\n',
    });
    yield '</phylogeny>\n</phyloxml>\n';
  }
}

function property(name: string, type: string, value: number): string {
  return `<property ref="virt-similarity:${name}" datatype="xsd:${type}" applies_to="clade">${value}</property>`;
}
