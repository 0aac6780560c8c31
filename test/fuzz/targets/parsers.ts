import * as fc from 'fast-check';
import { parseBlockSize } from '#cli/arguments/block-size.js';
import { readCommandLine } from '#cli/arguments/read-command-line.js';
import { ANALYZE_SETTINGS, parseSettings } from '#cli/arguments/settings.js';
import { CommanderError } from '#cli/commander.js';
import { parseConfiguration } from '#cli/parse-configuration.js';
import { tellingLocks } from '#readers/chain-map/writer-locks.js';
import { decideFormat } from '#readers/inspection/decide-format.js';
import { readDescriptor } from '#readers/inspection/formats/vmdk-descriptor.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { gaplessEntries, type MapEntry } from '#readers/qemu/map-entries.js';
import { require, type Verdict } from '../fuzz-target.js';
import { propertyTarget } from '../property-target.js';

const blockSizes = propertyTarget('block-sizes', 10, {
  values: fc.oneof(
    fc.string(),
    fc
      .tuple(fc.nat(), fc.constantFrom('', 'K', 'k', 'KiB', 'M', 'MiB', 'G', 'iB', ' K'))
      .map((parts) => parts.join('')),
    fc.tuple(fc.nat(26), fc.constantFrom('', 'K', 'M')).map(([power, unit]) => `${2 ** power}${unit}`),
  ),
  check: (text) => {
    const size = parseBlockSize(text);
    if (size === undefined) return 'rejected';
    require(Number.isInteger(Math.log2(size)) && size >= 512 && size <= 2 ** 24, `a power of two, found ${size}`);
    const unit = /k/i.test(text) ? 1024 : /m/i.test(text) ? 2 ** 20 : 1;
    require(size === Number.parseInt(text, 10) * unit, `what ${text} says, found ${size}`);
    return 'accepted';
  },
});

const KEYS = ['plugins', 'reader', 'hash', 'block-size', 'metric', 'cache', 'jobs', '__proto__', 'constructor', 'x'];

const configurations = propertyTarget('configurations', 10, {
  values: fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...KEYS), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string()))),
  ),
  check: (value) => {
    const { plugins, defaults } = parseConfiguration('config.json', JSON.parse(JSON.stringify(value)));
    require(plugins.every((plugin) => typeof plugin === 'string'), 'names of plugins');
    const values = Object.values(defaults);
    require(values.every((each) => each === false || typeof each === 'string'), 'texts as defaults');
    return 'accepted';
  },
});

const WORDS = [
  ...[
    '--',
    '-',
    '-a',
    '-qv',
    '-ox',
    '--format',
    '--format=raw',
    '--block-size=64K',
    '--jobs=2',
    '--no-cache',
    '--help',
  ],
  ...['--output', '-O', 'json', '--metric', '--version', 'analyze', 'hash', 'cache', 'verify', 'a.img', '--cache='],
  ...['--format=', '--dialect', 'safe', '--__proto__', '--constructor=1', '-=', '--color', 'always', 'doctor'],
];

const UNINTERRUPTED = new AbortController().signal;

const commandLines = propertyTarget('command-lines', 20, {
  values: fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string()), { maxLength: 8 }),
  check: async (words): Promise<Verdict> => {
    // A plugin would be loaded.
    const harmless = words.filter((word) => !word.startsWith('--p'));
    try {
      const invocation = await readCommandLine(
        harmless,
        '/nonexistent',
        { XDG_CONFIG_HOME: '/nonexistent' },
        UNINTERRUPTED,
      );
      if (invocation.kind === 'text') return 'accepted';
      const { sources, options } = invocation.context;
      require(sources.every(({ path }) => harmless.some((word) => word.endsWith(path))), 'images that were named');
      if (invocation.command === 'analyze') parseSettings(ANALYZE_SETTINGS, options);
      return 'accepted';
    } catch (thrown) {
      if (thrown instanceof CommanderError) return 'rejected';
      throw thrown;
    }
  },
});

const LOCK_PARTS = [
  '1:',
  ' POSIX',
  ' OFDLCK',
  '  ADVISORY ',
  ' READ ',
  'WRITE',
  ' -1 ',
  '08:01:',
  '99 ',
  '100 ',
  '101',
  '201',
  'EOF',
  '\n',
];

const locks = propertyTarget('locks', 10, {
  values: fc.array(fc.oneof(fc.constantFrom(...LOCK_PARTS), fc.string({ maxLength: 5 })), { maxLength: 40 }),
  check: (parts) => {
    const found = tellingLocks(parts.join(''));
    require(found.every(
      ({ device, inode }) => /^\d+:\d+$/.test(device) && /^\d+$/.test(inode),
    ), 'a device and an inode');
    return found.length > 0 ? 'accepted' : 'rejected';
  },
});

const DESCRIPTOR_PARTS = [
  ...['# Disk DescriptorFile\n', 'RW ', 'RDONLY ', 'NOACCESS ', '2048 ', '99999999999999999999 ', 'FLAT ', 'SPARSE '],
  ...['VMFS ', 'ZERO', '"a-flat.vmdk"', '"../b"', '"', ' 0', '\n', '\r', '\t', 'parentFileNameHint="x"', 'CID=1\n'],
];

const descriptors = propertyTarget('vmdk-descriptors', 20, {
  values: fc.array(fc.oneof(fc.constantFrom(...DESCRIPTOR_PARTS), fc.string({ maxLength: 5 })), { maxLength: 30 }),
  check: (parts): Verdict => {
    try {
      const { virtualSize, extents } = readDescriptor(parts.join(''));
      require(virtualSize >= 0n && extents.length > 0, 'a size and extents');
      require(extents.every(({ name }) => name !== '' && !name.includes('\0')), 'names of files');
      return 'accepted';
    } catch (thrown) {
      if (thrown instanceof HeaderError) return 'rejected';
      throw thrown;
    }
  },
});

const MAGICS = ['QFI\xfb\0\0\0\x03', 'QFI\xfb\0\0\0\x01', 'KDMV', 'COWD', '# Disk DescriptorFile', 'vhdxfile', 'QED\0'];
const NAMES = ['a.img', 'a.raw', 'a.qcow2', 'a.vmdk', 'a.VHD', 'a', 'a.vmdk.img', '.qcow2', 'a.luks'];
const magic = fc.oneof(fc.constantFrom(...MAGICS, 'conectix', 'koly', 'LUKS\xba\xbe', 'WithoutFreeSpace'), fc.string());

const formatDecisions = propertyTarget('format-decisions', 20, {
  values: fc.record({
    path: fc.constantFrom(...NAMES),
    head: magic,
    tail: magic,
    stated: fc.option(fc.constantFrom('raw', 'qcow2', 'vmdk', 'vpc', 'nbd', 'luks', ''), { nil: undefined }),
    statedBy: fc.constantFrom('user' as const, 'overlay' as const),
    isDevice: fc.boolean(),
    size: fc.nat(),
  }),
  check: ({ head, tail, ...evidence }): Verdict => {
    const ends = { head: padded(head, 4096), tail: padded(tail, 512) };
    try {
      const { format, mustBeSelfContained } = decideFormat({ ...evidence, ends });
      if (evidence.stated !== undefined) require(format === evidence.stated, `${evidence.stated}, found ${format}`);
      if (evidence.path.endsWith('.raw') && !evidence.isDevice && evidence.stated === undefined) {
        require(format === 'raw', 'raw, as the name says');
      }
      const isNamed = evidence.path.toLowerCase().endsWith(`.${format === 'vpc' ? 'vhd' : format}`);
      const isCertain = evidence.stated !== undefined || format === 'raw' || (isNamed && !evidence.isDevice);
      require(isCertain || mustBeSelfContained, `${format} that leads nowhere else`);
      return 'accepted';
    } catch (thrown) {
      if (thrown instanceof HeaderError) return 'rejected';
      throw thrown;
    }
  },
});

function padded(text: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write(text, 'latin1');
  return bytes;
}

const mapAnswers = propertyTarget('map-answers', 10, {
  values: fc.array(fc.record({ start: fc.nat(2000), length: fc.nat(1000), data: fc.boolean() }), { maxLength: 6 }),
  check: (answers) => {
    const entries = answers.map((answer): MapEntry => ({ ...answer, depth: 0, zero: !answer.data }));
    let position = 100;
    for (const { start, length } of gaplessEntries(entries, 100, 1500, { component: 'qemu', image: 'a.qcow2' })) {
      require(start === position && length > 0, `an entry at ${position}, found ${start}`);
      position += length;
    }
    require(position === 1500, `entries up to 1500, found ${position}`);
    return 'accepted';
  },
});

export const PARSERS = [blockSizes, configurations, commandLines, locks, descriptors, formatDecisions, mapAnswers];
