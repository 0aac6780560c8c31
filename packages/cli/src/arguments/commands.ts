import type { ReportOption } from '@virt-similarity/core';
import { Command, Option } from '../commander.js';
import { packageVersion } from '../package-version.js';

/** The first operands that name a command instead of an image. */
export const COMMAND_NAMES = ['analyze', 'hash', 'plugins', 'cache', 'doctor'] as const;

export type CommandName = (typeof COMMAND_NAMES)[number];

/** What `cache` can be asked to do. */
export const CACHE_ACTIONS = ['list', 'verify', 'prune'] as const;

/** The arguments that each command takes, with the options of the reporters at hand. */
export function defineCommands(reportOptions: readonly ReportOption[]): Record<CommandName, Command> {
  const hashOptions = () => [...imageOptions(), ...commonOptions()];
  return {
    analyze: define('virt-similarity', [...hashOptions(), ...comparisonOptions(), ...reportOptions.map(reportFlag)])
      .usage('[analyze] [options] IMAGE…')
      .description(
        'Shows which virtual-machine disk images were cloned from which. An image may also be a hash-vector file ' +
          '(.arrow), or a directory of either. Names that begin with a hyphen come after --.',
      )
      .addHelpText('after', OTHER_COMMANDS),
    hash: define('virt-similarity hash', [
      ...hashOptions(),
      new Option('-o, --output <file|dir>', 'FILE.arrow for one image, a directory for more; default: ./IMAGE.arrow'),
    ])
      .usage('[options] IMAGE…')
      .description('Writes the hash vector of each image as an Arrow file, IMAGE.arrow, which analyze takes as well.'),
    plugins: define('virt-similarity plugins', commonOptions(), 0).description(
      'Lists what is registered, by kind, and from which module.',
    ),
    cache: define('virt-similarity cache', [cacheDirectory(), ...commonOptions()], 1)
      .usage(`[options] ${CACHE_ACTIONS.join('|')}`)
      .description(
        'list: what is in the cache. verify: read every entry through, fail if one is damaged. ' +
          'prune: delete the entries of images that have changed or are gone, and damaged ones.',
      ),
    doctor: define('virt-similarity doctor', commonOptions(), 0).description(
      'Tells which outside tools are there, and what works without the others.',
    ),
  };
}

const OTHER_COMMANDS = `
Other commands (each knows --help):
  virt-similarity hash IMAGE…               only the hash vectors, as Arrow files
  virt-similarity plugins                   what is registered, by kind, and from which module
  virt-similarity cache list|verify|prune   look after the cache
  virt-similarity doctor                    which outside tools are there, what works without them

Exit codes: 0 done, 1 defect, 2 usage, 3 some images failed, 4 refused, 5 corrupt or unreadable,
6 in use or changed, 7 tool or resource missing, 130 and 143 interrupted.
`;

function define(name: string, options: readonly Option[], operands = Number.POSITIVE_INFINITY): Command {
  const command = new Command(name)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(operands > 0)
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help');
  if (operands > 0) {
    command.argument('[arguments...]');
    command.configureHelp({ visibleArguments: () => [] });
  }
  for (const option of options) {
    command.addOption(option);
  }
  return command;
}

function imageOptions(): Option[] {
  return [
    repeatable('-a, --add <image>', 'an image, as in the libguestfs tools; may be repeated'),
    new Option(
      '--format <format>',
      'of the images that follow: raw, qcow2, vmdk, …, or arrow; default: by inspection (auto)',
    ),
    new Option('--reader <name>', "auto (default), raw, qemu, libguestfs, or a plugin's"),
    repeatable('--allow-backing <dir>', 'allow backing files anywhere below this directory; may be repeated'),
    new Option('--max-virtual-size <size>', 'refuse disks that claim to be larger; default: 64T'),
    new Option('--allow-in-use', 'read images that are open for writing too, with a warning; they are not cached'),
    new Option('--no-sandbox', 'run the tools that parse images outside of the sandbox'),
    new Option('--hash <name>', "sha256 (default), md5, blake3, xxh128, or a plugin's"),
    new Option('--block-size <size>', 'default 64K; a power of two from 512 to 16M'),
    cacheDirectory(),
    new Option('--no-cache', 'neither look for hash vectors in a cache nor keep them'),
    new Option('--jobs <n>', 'worker threads; default: the processors available'),
    new Option('--plugin-timeout <s>', 'seconds that a plugin has for each answer; default 60, 0 for no limit'),
  ];
}

function cacheDirectory(): Option {
  return new Option('--cache <dir>', 'where hash vectors are kept; default: ./similarity-cache');
}

function comparisonOptions(): Option[] {
  return [
    new Option(
      '--metric <name>',
      "hamming (default), hamming-fraction, jaccard, containment, shared-content, or a plugin's",
    ),
    new Option('--linkage <name>', 'single (default), complete, average, weighted, centroid, median, ward'),
    new Option('--clusterer <name>', "auto (default), ml-hclust, fast, or a plugin's"),
    new Option(
      '-O, --output-format <name>',
      "what goes to standard output: ascii (default), newick, graphviz, json, or a plugin's",
    ),
    repeatable('-o, --output <file>', 'write a file too, in the format of its extension: .nwk .dot .json .txt'),
    new Option('--names <file>', 'newick: write the table of labels and names to FILE instead of beside each -o file'),
  ];
}

function commonOptions(): Option[] {
  return [
    repeatable('--plugin <module>', 'a package, or a file or directory as ./file.js; may be repeated'),
    repeatable('--plugin-option <plugin.option=value>', 'a value for an option of a plugin; may be repeated'),
    new Option('-q, --quiet', 'only warnings and errors on standard error').conflicts('verbose'),
    new Option('-v, --verbose', 'debug notes, and stack traces of errors'),
    new Option('--color <when>', 'colors on standard error; default: auto').choices(['auto', 'always', 'never']),
  ];
}

function reportFlag(option: ReportOption): Option {
  if (option.values === undefined) {
    return new Option(`--${option.name}`, option.description);
  }
  return new Option(`--${option.name} <value>`, option.description).choices(option.values);
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value, previous: string[] | undefined) => [
    ...(previous ?? []),
    value,
  ]);
}
