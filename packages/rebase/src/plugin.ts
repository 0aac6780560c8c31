import type { Plugin } from '@virt-similarity/core';
import { apply } from './apply-command.js';
import { diff } from './diff-command.js';
import { plan } from './plan-command.js';
import { search } from './search-command.js';
import { stats } from './stats-command.js';

/** The commands `plan`, `apply`, `search`, `diff` and `stats`. */
export default {
  name: '@virt-similarity/rebase',
  url: import.meta.url,
  commands: { plan, apply, search, diff, stats },
} satisfies Plugin;
