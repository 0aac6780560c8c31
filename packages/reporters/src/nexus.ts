import type {
  Analysis,
  Companion,
  OptionDeclarations,
  OptionValues,
  ReportCircumstances,
  Reporter,
} from '@virt-similarity/core';
import type { Wording } from '@virt-similarity/core/errors';
import anyAscii from 'any-ascii';
import { branchLengths } from './branch-lengths.js';
import { CLUSTER_OPTIONS, clustersOf } from './clusters-of.js';
import { namesTable, omittedNames } from './names-table.js';
import { BRANCH_OPTIONS, requireBranches } from './require-branches.js';
import { LABEL_OPTIONS, quoted, safeLabels } from './tree-labels.js';
import { treePieces } from './tree-pieces.js';
import { treeWarnings } from './tree-warnings.js';

/** A label that needs no quotes; a hyphen is punctuation in NEXUS. */
const PLAIN = /^[A-Za-z0-9.]+$/;

/**
 * Writes the cladogram as a NEXUS file with a TAXA block and a TREES block, for FigTree, SplitsTree, IcyTree and
 * others. Labels are those of the safe Newick dialect. Nodes have the annotation `height`, and leaves `cluster` and the
 * user's annotations in ASCII.
 *
 * Format: Maddison, Swofford and Maddison, NEXUS: an extensible file format for systematic information, Syst. Biol. 46
 * (1997); annotations as in BEAST and FigTree.
 *
 * @throws `usage` if branches would be negative and `negative-branches` is not set; as `clustersOf`.
 */
export class NexusReporter implements Reporter {
  readonly extension = '.nex';
  readonly otherExtensions = ['.nexus', '.nxs'];
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = { ...BRANCH_OPTIONS, ...LABEL_OPTIONS, ...CLUSTER_OPTIONS };

  readonly companion: Companion = { extension: '.nex.names.tsv', report: namesTable };

  *warnings(analysis: Analysis, options: OptionValues, circumstances: ReportCircumstances): Generator<Wording> {
    yield* treeWarnings(analysis, analysis.cladogram);
    yield* omittedNames(analysis, options, circumstances);
  }

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const { images, cladogram } = analysis;
    const lengths = branchLengths(cladogram);
    requireBranches('nexus', analysis, lengths, options);
    const labels = safeLabels(images, options).map((label) => (PLAIN.test(label) ? label : quoted(label)));
    const clusters = clustersOf(analysis, options);
    yield `#NEXUS\nBEGIN TAXA;\n  DIMENSIONS NTAX=${images.length};\n  TAXLABELS\n`;
    for (const label of labels) {
      yield `    ${label}\n`;
    }
    yield '  ;\nEND;\nBEGIN TREES;\n  TRANSLATE\n';
    for (const [index, label] of labels.entries()) {
      yield `    ${index + 1} ${label}${index + 1 < labels.length ? ',' : ''}\n`;
    }
    yield '  ;\n  TREE family = [&R] ';
    if (cladogram.nodes.length === 0) {
      yield '(1:0);\nEND;\n';
      return;
    }
    yield* treePieces(cladogram, {
      leaf: (image) =>
        `${image + 1}[&cluster=${clusters[image]! + 1}${annotationsOf(analysis, image)}]:${lengths[image]}`,
      open: () => '(',
      separator: ',',
      close: (node, { height }) => `)[&height=${height}]:${lengths[node]}`,
    });
    yield ';\nEND;\n';
  }
}

/** Returns the user's annotations of an image in ASCII, without characters that could end a comment or a value. */
function annotationsOf({ annotations = [] }: Analysis, image: number): string {
  return annotations
    .map(({ name, values }) => {
      const key = anyAscii(name).replace(/[^A-Za-z0-9_.]+/g, '_');
      const value = anyAscii(values[image]!).replace(/[^A-Za-z0-9 ._:/+-]+/g, '-');
      return `,${key}="${value}"`;
    })
    .join('');
}
