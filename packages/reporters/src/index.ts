import type { Plugin } from '@virt-similarity/core';
import { AsciiReporter } from './ascii.js';
import { GraphvizReporter } from './graphviz.js';
import { JsonReporter } from './json.js';
import { NewickReporter } from './newick.js';

export { AsciiReporter } from './ascii.js';
export { GraphvizReporter } from './graphviz.js';
export { JsonReporter } from './json.js';
export { NewickReporter } from './newick.js';
export { parseJsonReport } from './parse-json-report.js';
export { terminalText } from './terminal-text.js';

export default {
  name: '@virt-similarity/reporters',
  url: import.meta.url,
  reporters: { ascii: AsciiReporter, newick: NewickReporter, graphviz: GraphvizReporter, json: JsonReporter },
} satisfies Plugin;
