/**
 * Which file may import which, types included. `npm run lint:imports` checks it; docs/architecture.md describes the folders.
 */

// The parser. Where it is missing, dependency-cruiser would skip all TypeScript files and find nothing wrong.
import '@swc/core';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folders and single files of each package, in order: each imports only from those before it. */
const ORDER = {
  core: [
    'wording.ts',
    'errors.ts',
    'call-back.ts',
    'unless-aborted.ts',
    'partition-point.ts',
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
    'clustering/',
    'isolation/',
    'core-plugin.ts',
    'execution/',
    'pipeline/',
    'index.ts',
  ],
  'image-tools': ['reading/', 'processes/', 'nbd/', 'qemu/', 'index.ts'],
  readers: ['inspection/', 'chain-map/', 'inflation/', 'diagnosis.ts', 'qemu/', 'raw/', 'libguestfs/', 'index.ts'],
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
    'terminal/',
    'output/',
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

/** The core, also by its smaller doors, such as `@virt-similarity/core/errors`. */
const CORE = ['^@virt-similarity/core$', '^@virt-similarity/core/'];

/** The packages by what they import of each other. */
const KNOWN_PACKAGES = {
  'packages/core': [],
  'packages/image-tools': CORE,
  'packages/readers': [...CORE, '^@virt-similarity/image-tools$'],
  'packages/hashers': CORE,
  'packages/reporters': CORE,
  'test/contracts': CORE,
  examples: CORE,
};

/** Where files are opened, read or examined: only there `node:fs` is imported, its types included. */
const FILE_ACCESS = [
  'core/src/files/',
  // Files of images.
  'image-tools/src/reading/',
  'readers/src/inspection/',
  'readers/src/inflation/',
  // Programs: where they are, what they inherit, and the directories in which they leave their files.
  'image-tools/src/processes/',
  'readers/src/libguestfs/',
  // What the kernel says of locks and devices.
  'readers/src/chain-map/writer-locks.ts',
  'readers/src/diagnosis.ts',
  // Files that the user names, beside images.
  'cli/src/output/',
  'cli/src/plugins/',
  'cli/src/configuration.ts',
  'cli/src/commands/find-sources.ts',
  // What the kernel says of this process, and its last words.
  'cli/src/arguments/words-as-given.ts',
  'cli/src/exhaustion.ts',
  'cli/src/end-process.ts',
];

/** Lines from which on a file may have a single importer: a shorter one belongs into that. */
const LONG_ENOUGH = 15;

/** What may be shorter. */
const SHORT_FOR_A_REASON = [
  // Parts, and the list of commands: one more is a file and a line.
  'hashers/src/',
  'cli/src/commands/command-index.ts',
  // A thread starts with it.
  'readers/src/inflation/inflater-thread.ts',
  // One folder below package.json, from which it reads.
  'core/src/package-version.ts',
  // Loaded late, with all that it imports.
  'cli/src/composition.ts',
];

const PROJECT_PACKAGE = ['^@virt-similarity/', '^virt-similarity$', '^virt-similarity/'];

/** The pattern of a folder or file below `packages/`. */
function packageFile(path) {
  return `^packages/${path.replaceAll('.', '\\.')}`;
}

function packageRule([folder, known]) {
  return {
    name: 'direction of packages',
    comment: 'cli → reporters, readers, hashers → image-tools → core; plugins never import one another',
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { path: PROJECT_PACKAGE, pathNot: known },
  };
}

function orderRules([name, rooms]) {
  const inPackage = (room) => packageFile(`${name}/src/${room}`);
  const rule = {
    name: `order of ${name}`,
    comment: `each of ${rooms.join(', ')} imports only from those before it`,
    severity: 'error',
  };
  const later = rooms.slice(0, -1).map((room, index) => ({
    ...rule,
    from: { path: inPackage(room) },
    to: { path: rooms.slice(index + 1).map(inPackage) },
  }));
  const unlisted = {
    name: `place in ${name}`,
    comment: 'a new folder or file in src needs a place in ORDER of .dependency-cruiser.mjs',
    severity: 'error',
    from: { path: inPackage(''), pathNot: rooms.map(inPackage) },
    to: {},
  };
  return [...later, unlisted];
}

/** The pattern of all short files. */
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
      comment: 'another package is imported by its name, not by a path into its folder',
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
      comment: 'see FILE_ACCESS in .dependency-cruiser.mjs; add a function there that says what it is for',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: FILE_ACCESS.map(packageFile) },
      to: { path: '^(node:)?fs(/promises)?$' },
    },
    {
      name: 'no short file for one other',
      comment: `a file of fewer than ${LONG_ENOUGH} lines that one other file imports belongs into that`,
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
    // TypeScript 7 has no API for other programs.
    parser: 'swc',
    tsPreCompilationDeps: true,
    exclude: { path: '^(packages/[^/]+|test/contracts)/(dist|bundle)/' },
    doNotFollow: { path: 'node_modules' },
  },
};
