import type { Plugin } from '@virt-similarity/core';
import { ArrowReporter, DistancesReporter } from './arrow.js';
import { AsciiReporter } from './ascii.js';
import { ClustersReporter } from './clusters.js';
import { CsvReporter } from './csv.js';
import { GraphvizReporter } from './graphviz.js';
import { HtmlReporter } from './html.js';
import { ItolClustersReporter, ItolLabelsReporter, ItolMetadataReporter } from './itol.js';
import { JsonReporter } from './json.js';
import { LinkageReporter } from './linkage.js';
import { NewickReporter } from './newick.js';
import { NexusReporter } from './nexus.js';
import { PhylipReporter } from './phylip.js';
import { PhyloXmlReporter } from './phyloxml.js';
import { SvgReporter } from './svg.js';

export { type AnnotationTable, annotatedAnalysis, parseAnnotations } from './annotations.js';
export { ArrowReporter, DistancesReporter } from './arrow.js';
export { AsciiReporter } from './ascii.js';
export { ClustersReporter } from './clusters.js';
export { CsvReporter } from './csv.js';
export { GraphvizReporter } from './graphviz.js';
export { HtmlReporter } from './html.js';
export { ItolClustersReporter, ItolLabelsReporter, ItolMetadataReporter } from './itol.js';
export { JsonReporter } from './json.js';
export { LinkageReporter } from './linkage.js';
export { NewickReporter } from './newick.js';
export { NexusReporter } from './nexus.js';
export { parseJsonReport } from './parse-json-report.js';
export { PhylipReporter } from './phylip.js';
export { PhyloXmlReporter } from './phyloxml.js';
export { loadWidthOf, shortened, type WidthOf } from './shortened.js';
export { SvgReporter } from './svg.js';
export { csvLine, tableCell } from './table-cell.js';
export { xmlText } from './xml-text.js';

export default {
  name: '@virt-similarity/reporters',
  url: import.meta.url,
  reporters: {
    ascii: AsciiReporter,
    html: HtmlReporter,
    newick: NewickReporter,
    nexus: NexusReporter,
    phyloxml: PhyloXmlReporter,
    graphviz: GraphvizReporter,
    svg: SvgReporter,
    json: JsonReporter,
    csv: CsvReporter,
    clusters: ClustersReporter,
    linkage: LinkageReporter,
    phylip: PhylipReporter,
    'itol-labels': ItolLabelsReporter,
    'itol-clusters': ItolClustersReporter,
    'itol-metadata': ItolMetadataReporter,
    distances: DistancesReporter,
    arrow: ArrowReporter,
  },
} satisfies Plugin;
