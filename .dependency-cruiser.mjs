/**
 * Which file may import which, types included. `npm run lint:imports` checks it; docs/architecture.md describes the folders.
 */

// The parser. Where it is missing, dependency-cruiser would skip all TypeScript files and find nothing wrong.
import '@swc/core';

/** The folders and single files of each package, in order: each imports only from those before it. */
const ORDER = {
  core: [
    'errors.ts',
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
    'composition/',
    'hashing/',
    'distance/',
    'clustering/',
    'isolation/',
    'core-plugin.ts',
    'pipeline/',
    'index.ts',
  ],
  'image-tools': ['reading/', 'processes/', 'nbd/', 'qemu/', 'index.ts'],
  readers: ['inspection/', 'chain-map/', 'inflation/', 'diagnosis.ts', 'qemu/', 'raw/', 'libguestfs/', 'index.ts'],
  cli: [
    'package-version.ts',
    'exit-codes.ts',
    'end-process.ts',
    'exhaustion.ts',
    'interruption.ts',
    'commander.ts',
    'options/',
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

const PROJECT_PACKAGE = ['^@virt-similarity/', '^virt-similarity$', '^virt-similarity/'];

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
  const inPackage = (room) => `^packages/${name}/src/${room.replaceAll('.', '\\.')}`;
  const rule = {
    name: `order of ${name}`,
    comment: `each of ${rooms.join(', ')} imports only from those before it`,
    severity: 'error',
  };
  const later = rooms.slice(0, -1).map((room, index) => ({
    ...rule,
    from: { path: inPackage(room) },
    // Until the threads of parts have a folder of their own.
    to: { path: rooms.slice(index + 1).map(inPackage), pathNot: 'isolation/part-work\\.ts$' },
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
  ],
  options: {
    // TypeScript 7 has no API for other programs.
    parser: 'swc',
    tsPreCompilationDeps: true,
    exclude: { path: '^(packages/[^/]+|test/contracts)/(dist|bundle)/' },
    doNotFollow: { path: 'node_modules' },
  },
};
