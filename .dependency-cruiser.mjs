/**
 * The rules for imports between files, including imports of types. `npm run lint:imports` checks them;
 * docs/architecture.md describes the folders.
 */

// The parser. If it were missing, dependency-cruiser would skip all TypeScript files and report no errors.
import '@swc/core';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folders and single files of each package, in order: each imports only from those before it. */
const ORDER = {
  core: [
    'errors/',
    'errors.ts',
    'passphrase.ts',
    'call-back.ts',
    'unless-aborted.ts',
    'partition-point.ts',
    'terminal-text.ts',
    'package-version.ts',
    'tsyringe.ts',
    'contracts/',
    'identity/',
    'files/',
    'vectors/',
    'store/',
    'threads/',
    'memory/',
    'web-assembly.ts',
    'reading/',
    'composition/',
    'part-threads/',
    'hashing/',
    'distance/',
    'vector-index/',
    'clustering/',
    'reporting.ts',
    'isolation/',
    'core-plugin.ts',
    'execution/',
    'pipeline/',
    'index.ts',
  ],
  'image-tools': ['reading/', 'processes/', 'nbd/', 'qemu/', 'index.ts'],
  readers: [
    'luks/',
    'inspection/',
    'chain-map/',
    'inflation/',
    'diagnosis.ts',
    'decompression/',
    'qemu/',
    'raw/',
    'libguestfs/',
    'nbd/',
    'index.ts',
  ],
  testing: ['fixtures/', 'contracts/', 'index.ts'],
  libvirt: ['domain.ts', 'virsh.ts', 'libvirt-source.ts', 'index.ts'],
  rebase: [
    'optimum-branching.ts',
    'plan-image.ts',
    'plan.ts',
    'qcow2-size.ts',
    'block-patterns.ts',
    'base-tree.ts',
    'base-costs.ts',
    'base-forest.ts',
    'choose-bases.ts',
    'ancestral-blocks.ts',
    'synthetic-bases.ts',
    'make-plan.ts',
    'allocated-bytes.ts',
    'plan-inputs.ts',
    'size-text.ts',
    'plan-table.ts',
    'plan-json.ts',
    'plan-shell.ts',
    'plan-options.ts',
    'run-plan.ts',
    'plan-command.ts',
    'apply/',
    'apply-command.ts',
    'explain-image.ts',
    'search-options.ts',
    'run-search.ts',
    'search-command.ts',
    'diff-options.ts',
    'run-diff.ts',
    'diff-command.ts',
    'stats/',
    'stats-command.ts',
    'plugin.ts',
    'index.ts',
  ],
  cli: [
    'package-version.ts',
    'exit-codes.ts',
    'end-process.ts',
    'options/',
    'exhaustion.ts',
    'interruption.ts',
    'commander.ts',
    'parse-configuration.ts',
    'configuration.ts',
    'settings.ts',
    'terminal/',
    'output/',
    'completion/',
    'plugins/',
    'composition.ts',
    'commands/',
    'arguments/',
    'run-plugin-command.ts',
    'run-command.ts',
    'index.ts',
    'main.ts',
  ],
};

/** The core and its subpath exports, such as `@virt-similarity/core/errors`. */
const CORE = ['^@virt-similarity/core$', '^@virt-similarity/core/'];

/** The packages that each package may import. */
const KNOWN_PACKAGES = {
  'packages/core': [],
  'packages/image-tools': CORE,
  'packages/readers': [...CORE, '^@virt-similarity/image-tools$'],
  'packages/libvirt': [...CORE, '^@virt-similarity/image-tools$'],
  'packages/rebase': [...CORE, '^@virt-similarity/image-tools$'],
  'packages/hashers': CORE,
  'packages/reporters': CORE,
  'packages/testing': CORE,
  'examples/plugins': CORE,
  'examples/plugin-template': [...CORE, '^@virt-similarity/testing$'],
  // Programs, which compose the packages.
  'examples/cookbook': [...CORE, '^@virt-similarity/(?:readers|hashers|reporters)$'],
};

/** The folders and files that access the file system. Only these may import `node:fs`, including its types. */
const FILE_ACCESS = [
  'core/src/files/',
  // Image files.
  'image-tools/src/reading/',
  'readers/src/inspection/',
  'readers/src/inflation/',
  // Programs: their paths, inherited descriptors, and working directories.
  'image-tools/src/processes/',
  'readers/src/libguestfs/',
  // The kernel's information about locks and devices.
  'readers/src/chain-map/writer-locks.ts',
  'readers/src/diagnosis.ts',
  // The files of a plugin and of an image that are tested.
  'testing/src/contracts/',
  // The script and the style of the HTML report.
  'reporters/src/page-asset.ts',
  // The space that files occupy.
  'rebase/src/allocated-bytes.ts',
  'rebase/src/stats/stored-ranges.ts',
  // Files that a plan writes and exchanges.
  'rebase/src/apply/',
  // Files other than images that the user names.
  'cli/src/output/',
  'cli/src/plugins/',
  'cli/src/configuration.ts',
  'cli/src/commands/find-sources.ts',
  'cli/src/commands/image-lists.ts',
  // The kernel's information about this process, and its last message.
  'cli/src/arguments/words-as-given.ts',
  'cli/src/exhaustion.ts',
  'cli/src/end-process.ts',
];

/** A file with at most this many lines and a single importer should be merged into that importer. */
const LONG_ENOUGH = 15;

/** The files that may be shorter. */
const SHORT_FOR_A_REASON = [
  // Parts and the list of commands: adding one means adding a file and a line.
  'hashers/src/',
  'cli/src/commands/command-index.ts',
  // Every start of the command loads it.
  'rebase/src/plan-command.ts',
  'rebase/src/apply/apply-options.ts',
  'rebase/src/diff-command.ts',
  'rebase/src/diff-options.ts',
  'rebase/src/stats/stats-options.ts',
  'rebase/src/plugin.ts',
  'core/src/reporting.ts',
  // Each fixture for the authors of plugins is one file.
  'testing/src/fixtures/',
  // A thread starts with it.
  'readers/src/inflation/inflater-thread.ts',
  // It must be one folder below the package.json that it reads.
  'core/src/package-version.ts',
  // It is imported late, together with its own imports.
  'cli/src/composition.ts',
];

const PROJECT_PACKAGE = ['^@virt-similarity/', '^virt-similarity$', '^virt-similarity/'];

/** Returns the pattern for a folder or file in `packages/`. */
function packageFile(path) {
  return `^packages/${path.replaceAll('.', '\\.')}`;
}

function packageRule([folder, known]) {
  return {
    name: 'direction of packages',
    comment: 'cli → reporters, readers, libvirt, rebase, hashers → image-tools → core; plugins never import each other',
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { path: PROJECT_PACKAGE, pathNot: known },
  };
}

function orderRules([name, entries]) {
  const inPackage = (entry) => packageFile(`${name}/src/${entry}`);
  const rule = {
    name: `order of ${name}`,
    comment: `each of ${entries.join(', ')} imports only from those before it`,
    severity: 'error',
  };
  const later = entries.slice(0, -1).map((entry, index) => ({
    ...rule,
    from: { path: inPackage(entry) },
    to: { path: entries.slice(index + 1).map(inPackage) },
  }));
  const unlisted = {
    name: `place in ${name}`,
    comment: 'add the new folder or file in src to ORDER in .dependency-cruiser.mjs',
    severity: 'error',
    from: { path: inPackage(''), pathNot: entries.map(inPackage) },
    to: {},
  };
  return [...later, unlisted];
}

/** Returns the pattern for all short files. */
function shortFiles() {
  const files = readdirSync('packages').flatMap((name) =>
    readdirSync(join('packages', name, 'src'), { recursive: true })
      .map((file) => join(name, 'src', file))
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => readFileSync(join('packages', file), 'utf8').split('\n').length <= LONG_ENOUGH),
  );
  return `^packages/(${files.join('|').replaceAll('.', '\\.')})$`;
}

export default {
  forbidden: [
    ...Object.entries(KNOWN_PACKAGES).map(packageRule),
    ...Object.entries(ORDER).flatMap(orderRules),
    {
      name: 'packages by their names',
      comment: 'import another package by its name, not by a path into its folder',
      severity: 'error',
      from: { path: '^((?:packages|test|examples)/[^/]+)/' },
      to: { path: '^(packages|test|examples)/', pathNot: '^$1/' },
    },
    {
      name: 'no index within a package',
      comment: 'index.ts is for other packages; import from the file that exports it',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/', pathNot: '/index\\.ts$' },
      to: { path: '^packages/$1/.*/index\\.ts$' },
    },
    {
      name: 'files in their places',
      comment: 'only FILE_ACCESS in .dependency-cruiser.mjs may import node:fs; add a function for this purpose there',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: FILE_ACCESS.map(packageFile) },
      to: { path: '^(node:)?fs(/promises)?$' },
    },
    {
      name: 'no short file for one other',
      comment: `merge a file of fewer than ${LONG_ENOUGH} lines into its only importer`,
      severity: 'error',
      from: {},
      module: {
        path: shortFiles(),
        pathNot: ['/index\\.ts$', ...SHORT_FOR_A_REASON.map(packageFile)],
        numberOfDependentsLessThan: 2,
      },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API.
    parser: 'swc',
    tsPreCompilationDeps: true,
    exclude: { path: '^(packages|examples)/[^/]+/(dist|bundle)/' },
    doNotFollow: { path: 'node_modules' },
  },
};
