import type { OptionDeclaration, OptionDeclarations } from '@virt-similarity/core';

/** An option of the built-in commands. */
export type OwnOption = OptionDeclaration & {
  /** Whether the configuration file, by the same name, and an environment variable can also set it. */
  readonly configurable?: true;
  /** Name of an option that this option cannot be combined with. */
  readonly conflicts?: string;
  /**
   * The text to put before the option's value to get the name of an image, such as `libvirt:`; set if the option names
   * images. A switch names all images of the source in this text.
   */
  readonly images?: string;
  /** Whether its value is a file with a list of images. */
  readonly lists?: true;
  /** The kind of name that its value is, for shell completion. */
  readonly names?: NameKind;
};

/** A kind of names that options take: parts by their kind, formats of images, or linkages. */
export type NameKind = 'reader' | 'hasher' | 'metric' | 'clusterer' | 'reporter' | 'format' | 'linkage';

type OwnOptions = Readonly<Record<string, OwnOption>>;

/*
 * The only table of the built-in commands' options. Flags, configuration keys, help texts and checks derive from it.
 */

/** The options of every command. */
export const COMMON_OPTIONS = {
  config: {
    type: 'file',
    negation: 'read no configuration file',
    description: 'read this configuration file: .json, .js, or a package.json with the key virt-similarity',
  },
  plugin: {
    type: 'files',
    placeholder: 'module',
    description: 'load a plugin: a package name, or the path of a file or directory, such as ./file.js',
  },
  'plugin-option': {
    type: 'strings',
    placeholder: 'p.option=value',
    description: 'set an option of a plugin',
  },
  'plugin-timeout': {
    type: 'seconds',
    placeholder: 's',
    min: 0,
    // Below the maximum of timers, 2^31 - 1 milliseconds.
    max: 1_000_000,
    default: 60,
    configurable: true,
    description: 'seconds that a plugin may take for each call, 0 for no limit',
  },
  quiet: {
    type: 'boolean',
    short: 'q',
    conflicts: 'verbose',
    description: 'print only warnings and errors to standard error',
  },
  verbose: { type: 'boolean', short: 'v', description: 'print debug notes and stack traces too' },
  progress: {
    type: 'enum',
    values: ['auto', 'json', 'none'],
    default: 'auto',
    description: 'progress on standard error: bars or lines; a JSON object on each line, for messages too; or none',
  },
  color: {
    type: 'enum',
    values: ['auto', 'always', 'never'],
    default: 'auto',
    description: 'use colors on a terminal, always or never; auto respects NO_COLOR and FORCE_COLOR',
  },
  'log-file': {
    type: 'file',
    configurable: true,
    description: 'write a log of the run to a file when it ends, a JSON object on each line',
  },
} as const satisfies OwnOptions;

const CACHE_DIRECTORY = {
  type: 'file',
  placeholder: 'dir',
  default: 'similarity-cache',
  configurable: true,
  description: 'directory of cached hash vectors',
} as const satisfies OwnOption;

/** The options of a command that maintains the cache. */
export const CACHE_OPTIONS = { cache: CACHE_DIRECTORY } as const satisfies OwnOptions;

/** The options that name images. */
const SELECTION_OPTIONS = {
  add: {
    type: 'files',
    short: 'a',
    placeholder: 'image',
    images: '',
    description: 'add an image, as in the libguestfs tools',
  },
  'files-from': {
    type: 'files',
    images: '',
    lists: true,
    description: 'add the images that a file names, one on each line; - reads standard input, as the image - does',
  },
  null: { type: 'boolean', description: 'names in lists end with NUL, as find -print0 writes them' },
  recursive: {
    type: 'boolean',
    short: 'r',
    configurable: true,
    description: 'also search the subdirectories of directories; symbolic links are not followed',
  },
  exclude: {
    type: 'strings',
    placeholder: 'glob',
    configurable: true,
    description: "leave out files and directories by name, such as '*.iso', or by the end of the path: 'old/*.img'",
  },
  domain: {
    type: 'strings',
    short: 'd',
    placeholder: 'name',
    images: 'libvirt:',
    description: 'add the disks of a libvirt domain, or only NAME:TARGET',
  },
  'all-domains': { type: 'boolean', images: 'libvirt:', description: 'add the disks of all libvirt domains' },
  connect: {
    type: 'name',
    short: 'c',
    placeholder: 'uri',
    configurable: true,
    description: "connection to libvirt; by default virsh's",
  },
  format: {
    type: 'name',
    names: 'format',
    description: 'format of the images that follow: raw, qcow2, vmdk, …, arrow, or auto to detect it (the default)',
    placeholder: 'format',
  },
} as const satisfies OwnOptions;

/** The options for reading images. */
const READING_OPTIONS = {
  reader: {
    type: 'name',
    names: 'reader',
    default: 'auto',
    configurable: true,
    description: "reader of the images: auto, nbd, raw, qemu, libguestfs, or a plugin's",
  },
  'allow-backing': { type: 'files', placeholder: 'dir', description: 'allow backing files below this directory' },
  'max-virtual-size': {
    type: 'size',
    min: 1,
    default: 64 * 2 ** 40,
    configurable: true,
    description: 'refuse disks whose header claims a larger size',
  },
  'allow-in-use': {
    type: 'boolean',
    configurable: true,
    description: 'also read images that are open for writing, with a warning; they are not cached',
  },
  sandbox: {
    type: 'boolean',
    default: true,
    configurable: true,
    description: 'run the tools that parse images in a sandbox',
    negation: 'run the tools that parse images outside the sandbox',
  },
  key: {
    type: 'strings',
    placeholder: 'selector:file:file',
    description: 'decrypt LUKS disks with the passphrase in a file; the selector is a LUKS UUID, /dev/sda, or all',
  },
  'keys-from-stdin': {
    type: 'boolean',
    description: 'read passphrases of LUKS disks from standard input, one on each line, without showing them',
  },
  'cache-decrypted': {
    type: 'boolean',
    configurable: true,
    description: 'also cache hash vectors of decrypted content',
  },
} as const satisfies OwnOptions;

/** The options for hashing images. */
const HASHING_OPTIONS = {
  hash: {
    type: 'name',
    names: 'hasher',
    configurable: true,
    description:
      "hash function for blocks: sha256, md5, blake3, xxh128, or a plugin's; by default that of hash vectors among the images, else sha256",
  },
  'block-size': {
    type: 'size',
    powerOfTwo: true,
    min: 512,
    max: 16 * 2 ** 20,
    configurable: true,
    description:
      'block size in bytes: a power of two from 512 to 16M; by default that of hash vectors among the images, else 64K',
  },
  cache: { ...CACHE_DIRECTORY, negation: 'neither read nor write cached hash vectors' },
  jobs: {
    type: 'number',
    whole: true,
    placeholder: 'n',
    min: 1,
    max: 1024,
    configurable: true,
    description: 'number of worker threads; by default one per available processor',
  },
} as const satisfies OwnOptions;

/** The options of a command that hashes images. */
export const IMAGE_OPTIONS = { ...SELECTION_OPTIONS, ...READING_OPTIONS, ...HASHING_OPTIONS };

/** The options of a command that compares images. */
export const COMPARISON_OPTIONS = {
  metric: {
    type: 'name',
    names: 'metric',
    default: 'hamming',
    configurable: true,
    description:
      "distance between images: hamming, hamming-fraction, jaccard, containment, shared-content, shared-blocks, or a plugin's",
  },
  linkage: {
    type: 'name',
    names: 'linkage',
    default: 'single',
    configurable: true,
    description: 'distance between groups: single, complete, average, weighted, centroid, median, ward',
  },
  clusterer: {
    type: 'name',
    names: 'clusterer',
    default: 'auto',
    configurable: true,
    description: "implementation that builds the tree: auto, ml-hclust, fast, or a plugin's",
  },
} as const satisfies OwnOptions;

/** The options of a command that writes reports. */
export const REPORT_OPTIONS = {
  'output-format': {
    type: 'name',
    names: 'reporter',
    short: 'O',
    default: 'ascii',
    configurable: true,
    description:
      "format of the report on standard output: ascii, html, newick, nexus, phyloxml, graphviz, svg, json, csv, clusters, linkage, phylip, itol-labels, itol-clusters, itol-metadata, distances, arrow, or a plugin's",
  },
  output: {
    type: 'files',
    short: 'o',
    placeholder: 'file',
    description:
      'also write the report to a file, replacing it, in the format of its extension, such as .html, .nwk, .svg, .csv or .report.arrow',
  },
  annotate: {
    type: 'file',
    description:
      'add columns of a CSV file, such as host or owner, to reports; its first column has the names of the images',
  },
  names: {
    type: 'file',
    description: 'trees and PHYLIP: write the table of labels and names to FILE instead of beside each -o file',
  },
} as const satisfies OwnOptions;

/** The options of a command that opens a report in a browser. */
export const VIEW_OPTIONS = {
  open: {
    type: 'boolean',
    default: true,
    description: 'open the page in a browser',
    negation: 'only print the path of the page',
  },
} as const satisfies OwnOptions;

/** The options of a command that writes hash vectors. */
export const VECTOR_OPTIONS = {
  output: {
    type: 'file',
    short: 'o',
    placeholder: 'file|dir',
    description:
      'write FILE.arrow for one image, a file for each image in a directory, or one FILE.parquet; by default ./IMAGE.arrow; existing files are replaced',
  },
  anonymous: {
    type: 'boolean',
    description: 'leave out directories, devices, inodes and times: for files that others receive',
  },
  hex: { type: 'boolean', description: 'with -o FILE.parquet: write digests as hexadecimal text instead of bytes' },
} as const satisfies OwnOptions;

/** The options that the configuration file and environment variables can set, by name. */
export const CONFIGURABLE_OPTIONS: OptionDeclarations = Object.fromEntries(
  [COMMON_OPTIONS, IMAGE_OPTIONS, COMPARISON_OPTIONS, REPORT_OPTIONS]
    .flatMap((options: OwnOptions) => Object.entries(options))
    .filter(([, { configurable }]) => configurable),
);

/** The title of the options of a plugin's command. */
const OTHER_OPTIONS = 'Options';
/** The title of the options of every command. */
export const COMMON_GROUP = 'Every command';
/** The title of the options that reporters declare. */
export const REPORTER_OPTIONS = 'Options of reports';

/** The groups of options in help texts: options whose purposes belong together. */
const GROUPS: readonly (readonly [title: string, options: OwnOptions])[] = [
  ['Which images', SELECTION_OPTIONS],
  ['Reading', READING_OPTIONS],
  ['Hashing and cache', HASHING_OPTIONS],
  ['Comparing', COMPARISON_OPTIONS],
  ['Results', { ...REPORT_OPTIONS, ...VECTOR_OPTIONS, ...VIEW_OPTIONS }],
  [COMMON_GROUP, COMMON_OPTIONS],
];

/** Returns the title of an option's group. */
export function groupOf(name: string): string {
  return GROUPS.find(([, options]) => Object.hasOwn(options, name))?.[0] ?? OTHER_OPTIONS;
}
