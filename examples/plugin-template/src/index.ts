import type { Plugin } from '@virt-similarity/core';
import { SummaryReporter } from './summary-reporter.js';

export { SummaryReporter } from './summary-reporter.js';

export default {
  name: 'virt-similarity-plugin-template',
  url: import.meta.url,
  // The test compares these two with package.json.
  version: '0.1.0',
  core: '^0.1.0',
  reporters: { summary: SummaryReporter },
} satisfies Plugin;
