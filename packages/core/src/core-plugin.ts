import { AutoClusterer } from './clustering/auto-clusterer.js';
import { FastClusterer } from './clustering/fast/fast-clusterer.js';
import { MlHclustClusterer } from './clustering/ml-hclust-clusterer.js';
import type { Plugin } from './contracts/plugin.js';
import { ContainmentMetric } from './distance/metrics/containment.js';
import { HammingMetric } from './distance/metrics/hamming.js';
import { HammingFractionMetric } from './distance/metrics/hamming-fraction.js';
import { JaccardMetric } from './distance/metrics/jaccard.js';
import { SharedBlocksMetric } from './distance/metrics/shared-blocks.js';
import { SharedContentMetric } from './distance/metrics/shared-content.js';
import { AutoReader } from './reading/auto-reader.js';
import { FileSource } from './reading/file-source.js';

/** The parts that every analyzer includes. */
export const corePlugin = {
  name: '@virt-similarity/core',
  // The compiled modules and the bundle both have index.js in this file's folder.
  url: new URL('./index.js', import.meta.url).href,
  sources: { files: FileSource },
  readers: { auto: AutoReader },
  metrics: {
    hamming: HammingMetric,
    'hamming-fraction': HammingFractionMetric,
    jaccard: JaccardMetric,
    containment: ContainmentMetric,
    'shared-content': SharedContentMetric,
    'shared-blocks': SharedBlocksMetric,
  },
  clusterers: { auto: AutoClusterer, 'ml-hclust': MlHclustClusterer, fast: FastClusterer },
} satisfies Plugin;
