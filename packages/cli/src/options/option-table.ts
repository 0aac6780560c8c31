import type { OptionDeclaration, OptionDeclarations } from '@virt-similarity/core';

/** An option of this program's own commands. */
export type OwnOption = OptionDeclaration & {
  /** Whether the configuration file can give it too, by the same name. */
  readonly configurable?: true;
  /** Name of an option that cannot be given together with it. */
  readonly conflicts?: string;
};

type OwnOptions = Readonly<Record<string, OwnOption>>;

/*
 * The one table of options. Each is declared here and nowhere else: flags, configuration keys, help texts and checks are
 * made from it, and commands refer to it.
 */

/** Of every command. */
export const COMMON_OPTIONS = {
  plugin: {
    type: 'files',
    placeholder: 'module',
    description: 'load a plugin: a package, or a file or directory as ./file.js',
  },
  'plugin-option': {
    type: 'strings',
    placeholder: 'plugin.option=value',
    description: 'a value for an option of a plugin',
  },
  'plugin-timeout': {
    type: 'seconds',
    placeholder: 's',
    min: 0,
    // What timers can be set to, in round numbers.
    max: 1_000_000,
    default: 60,
    configurable: true,
    description: 'seconds that a plugin has for each answer, 0 for no limit',
  },
  quiet: {
    type: 'boolean',
    short: 'q',
    conflicts: 'verbose',
    description: 'only warnings and errors on standard error',
  },
  verbose: { type: 'boolean', short: 'v', description: 'debug notes, and stack traces of errors' },
  color: {
    type: 'enum',
    values: ['auto', 'always', 'never'],
    default: 'auto',
    description: 'colors on standard error',
  },
} as const satisfies OwnOptions;

const CACHE_DIRECTORY = {
  type: 'file',
  placeholder: 'dir',
  default: 'similarity-cache',
  configurable: true,
  description: 'where hash vectors are kept',
} as const satisfies OwnOption;

/** Of a command that maintains the cache. */
export const CACHE_OPTIONS = { cache: CACHE_DIRECTORY } as const satisfies OwnOptions;

/** Of a command that hashes images. */
export const IMAGE_OPTIONS = {
  add: { type: 'files', short: 'a', placeholder: 'image', description: 'an image, as in the libguestfs tools' },
  format: {
    type: 'name',
    description: 'of the images that follow: raw, qcow2, vmdk, …, or arrow; auto to inspect them (the default)',
    placeholder: 'format',
  },
  reader: {
    type: 'name',
    default: 'auto',
    configurable: true,
    description: "how images are read: auto, raw, qemu, libguestfs, or a plugin's",
  },
  'allow-backing': { type: 'files', placeholder: 'dir', description: 'allow backing files below this directory' },
  'max-virtual-size': {
    type: 'size',
    min: 1,
    default: 64 * 2 ** 40,
    configurable: true,
    description: 'refuse disks whose header claims more',
  },
  'allow-in-use': {
    type: 'boolean',
    configurable: true,
    description: 'read images that are open for writing too, with a warning; they are not cached',
  },
  sandbox: {
    type: 'boolean',
    default: true,
    configurable: true,
    description: 'run the tools that parse images in a sandbox',
    negation: 'run the tools that parse images outside the sandbox',
  },
  hash: {
    type: 'name',
    default: 'sha256',
    configurable: true,
    description: "hash of a block: sha256, md5, blake3, xxh128, or a plugin's",
  },
  'block-size': {
    type: 'size',
    powerOfTwo: true,
    min: 512,
    max: 16 * 2 ** 20,
    default: 65_536,
    configurable: true,
    description: 'bytes of a block: a power of two from 512 to 16M',
  },
  cache: { ...CACHE_DIRECTORY, negation: 'neither look for hash vectors in a cache nor keep them' },
  jobs: {
    type: 'number',
    whole: true,
    placeholder: 'n',
    min: 1,
    max: 1024,
    configurable: true,
    description: 'worker threads; by default one for each available processor',
  },
} as const satisfies OwnOptions;

/** Of a command that compares images. */
export const COMPARISON_OPTIONS = {
  metric: {
    type: 'name',
    default: 'hamming',
    configurable: true,
    description: "distance of images: hamming, hamming-fraction, jaccard, containment, shared-content, or a plugin's",
  },
  linkage: {
    type: 'name',
    default: 'single',
    configurable: true,
    description: 'distance of groups: single, complete, average, weighted, centroid, median, ward',
  },
  clusterer: {
    type: 'name',
    default: 'auto',
    configurable: true,
    description: "how the tree is built: auto, ml-hclust, fast, or a plugin's",
  },
} as const satisfies OwnOptions;

/** Of a command that writes reports. */
export const REPORT_OPTIONS = {
  'output-format': {
    type: 'name',
    short: 'O',
    default: 'ascii',
    configurable: true,
    description: "what goes to standard output: ascii, newick, graphviz, json, or a plugin's",
  },
  output: {
    type: 'files',
    short: 'o',
    placeholder: 'file',
    description: 'write a file too, in the format of its extension: .nwk .dot .json .txt',
  },
  names: {
    type: 'file',
    description: 'newick: write the table of labels and names to FILE instead of beside each -o file',
  },
} as const satisfies OwnOptions;

/** Of a command that writes hash vectors. */
export const VECTOR_OPTIONS = {
  output: {
    type: 'file',
    short: 'o',
    placeholder: 'file|dir',
    description: 'FILE.arrow for one image, a directory for more; by default ./IMAGE.arrow',
  },
} as const satisfies OwnOptions;

/** What the configuration file can give, by name. */
export const CONFIGURABLE_OPTIONS: OptionDeclarations = Object.fromEntries(
  [COMMON_OPTIONS, IMAGE_OPTIONS, COMPARISON_OPTIONS, REPORT_OPTIONS]
    .flatMap((options: OwnOptions) => Object.entries(options))
    .filter(([, { configurable }]) => configurable),
);
