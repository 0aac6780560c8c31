import * as fc from 'fast-check';
import { gaplessEntries, type MapEntry } from '#image-tools/qemu/map-entries.js';
import { writerLocks } from '#readers/chain-map/writer-locks.js';
import { decideFormat } from '#readers/inspection/decide-format.js';
import { encryptedVolumes } from '#readers/inspection/encrypted-volumes.js';
import { readDescriptor } from '#readers/inspection/formats/vmdk-descriptor.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { luksLayout } from '#readers/luks/luks-header.js';
import { require, type Verdict } from '../fuzz-target.js';
import { propertyTarget } from '../property-target.js';

const lockLine = fc
  .record({
    kind: fc.constantFrom('POSIX', 'OFDLCK', 'FLOCK', '->'),
    access: fc.constantFrom('READ ', 'WRITE'),
    file: fc.constantFrom('08:01:1234', 'fd:00:99', '00:1f:18446744073709551615', '::', '08:01:-3'),
    first: fc.constantFrom('0', '99', '100', '101', '103', '201', '-1', 'x'),
    last: fc.constantFrom('EOF', '0', '100', '101', '9223372036854775807', 'eof'),
  })
  .map(({ kind, access, file, first, last }) => `1: ${kind} ADVISORY ${access} 4242 ${file} ${first} ${last}`);

const locks = propertyTarget('locks', 10, {
  values: fc.array(fc.oneof({ weight: 3, arbitrary: lockLine }, fc.string()), { maxLength: 10 }),
  check: (lines) => {
    const found = writerLocks(lines.join('\n'));
    for (const { device, inode } of found) {
      require(/^\d+:\d+$/.test(device) && /^\d+$/.test(inode), `numbers, found ${device} and ${inode}`);
    }
    return found.length > 0 ? 'accepted' : 'rejected';
  },
});

const extentLine = fc
  .record({
    access: fc.constantFrom('RW', 'RW', 'RW', 'RDONLY', 'NOACCESS'),
    sectors: fc.constantFrom('2048', '1', '0', '999999999999999999', '99999999999999999999', '-1'),
    kind: fc.constantFrom('FLAT', 'SPARSE', 'VMFS', 'VMFSSPARSE', 'SESPARSE', 'ZERO'),
    name: fc.oneof(fc.constantFrom('a-flat.vmdk', '../b', '/etc/shadow', ''), fc.string()),
    first: fc.constantFrom(' 0', '', ' 128', ' x'),
    end: fc.constantFrom('', '\r', ' RW'),
  })
  .map(({ access, sectors, kind, name, first, end }) => `${access} ${sectors} ${kind} "${name}"${first}${end}`);

/** The lines that a valid descriptor must have besides its extents. Sometimes, one of these lines is left out. */
const REQUIRED_FIELDS = ['CID=1', 'parentCID=ffffffff', 'createType="twoGbMaxExtentFlat"'];
const descriptorLine = fc.oneof({ weight: 9, arbitrary: extentLine }, fc.constant('CID=1'), fc.string());

const descriptors = propertyTarget('vmdk-descriptors', 20, {
  values: fc
    .tuple(fc.subarray(REQUIRED_FIELDS, { minLength: 2 }), fc.array(descriptorLine, { maxLength: 4 }))
    .map(([fields, lines]) => [...fields, ...lines]),
  check: (lines): Verdict => {
    try {
      const { virtualSize, extents } = readDescriptor(lines.join('\n'));
      require(virtualSize >= 0n && extents.length > 0, 'a size and extents');
      require(extents.every(({ name }) => name !== '' && !name.includes('\0')), 'names of files');
      return 'accepted';
    } catch (thrown) {
      if (thrown instanceof HeaderError) {
        return 'rejected';
      }
      throw thrown;
    }
  },
});

const MAGICS = [
  'QFI\xfb\0\0\0\x03',
  'QFI\xfb\0\0\0\x01',
  'KDMV',
  'COWD',
  '\xbe\xba\xfe\xca\0\0\0\0',
  '# Disk DescriptorFile',
  'vhdxfile',
  'QED\0',
];
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
      if (evidence.stated !== undefined) {
        require(format === evidence.stated, `${evidence.stated}, found ${format}`);
      }
      if (evidence.path.endsWith('.raw') && !evidence.isDevice && evidence.stated === undefined) {
        require(format === 'raw', 'raw, because of the extension');
      }
      const isNamed = evidence.path.toLowerCase().endsWith(`.${format === 'vpc' ? 'vhd' : format}`);
      const isCertain = evidence.stated !== undefined || format === 'raw' || (isNamed && !evidence.isDevice);
      require(isCertain || mustBeSelfContained, `${format} that refers to no other file`);
      return 'accepted';
    } catch (thrown) {
      if (thrown instanceof HeaderError) {
        return 'rejected';
      }
      throw thrown;
    }
  },
});

function padded(text: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write(text, 'latin1');
  return bytes;
}

/** The beginning of a disk: a partition table or a LUKS header with any bytes in it. */
const diskStart = fc
  .record({
    bytes: fc.uint8Array({ minLength: 4096, maxLength: 8192 }),
    kind: fc.constantFrom('mbr', 'gpt', 'luks1', 'luks2'),
    zeros: fc.nat(8192),
  })
  .map(({ bytes, kind, zeros }) => {
    const disk = Buffer.alloc(65_536);
    disk.set(bytes);
    disk.fill(0, zeros, 8192);
    if (kind.startsWith('luks')) {
      disk.write(kind === 'luks1' ? 'LUKS\xba\xbe\0\x01' : 'LUKS\xba\xbe\0\x02', 'latin1');
      return disk;
    }
    disk.write('\x55\xaa', 510, 'latin1');
    if (kind === 'gpt') {
      disk[450] = 0xee;
      disk.write('EFI PART', 512, 'latin1');
    }
    return disk;
  });

const volumes = propertyTarget('encrypted-volumes', 20, {
  values: diskStart,
  check: async (disk): Promise<Verdict> => {
    const read = async (position: number, length: number) => {
      require(Number.isSafeInteger(position) && position >= 0, `a position, found ${position}`);
      return disk.subarray(position, position + length);
    };
    const found = await encryptedVolumes({ name: 'disk', size: disk.length, read });
    require(found.every(({ start, length }) => start >= 0 && length >= 0), 'volumes with places');
    const layout = await luksLayout(2 ** 30, read);
    require('problem' in layout || layout.payload <= 2 ** 25, 'a header of bounded length');
    return found.length > 0 ? 'accepted' : 'rejected';
  },
});

const MAP = { start: 100, end: 1500 };

/** qemu-img's map of a part of a disk: correct, or with an entry moved, missing or duplicated. */
const mapAnswer = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 }), fc.nat(7), fc.nat(5))
  .map(([lengths, wrong, how]) => {
    let position = MAP.start;
    const all = [...lengths, MAP.end].map((length): MapEntry => {
      const start = position;
      position += length;
      return { start, length, depth: 0, zero: false, data: true };
    });
    const entries = all.filter(({ start }) => start < MAP.end);
    const entry = entries[wrong];
    if (entry === undefined || how > 2) {
      return entries;
    }
    const others = [[], [entry, entry], [{ ...entry, start: entry.start + 1 }]];
    return entries.toSpliced(wrong, 1, ...(others[how] ?? []));
  });

const mapAnswers = propertyTarget('map-answers', 10, {
  values: mapAnswer,
  check: (answers) => {
    let position = MAP.start;
    const call = { component: 'qemu', image: 'a.qcow2' };
    for (const { start, length } of gaplessEntries(answers, MAP.start, MAP.end, call)) {
      require(start === position && length > 0, `an entry at ${position}, found ${start}`);
      position += length;
    }
    require(position === MAP.end, `entries up to ${MAP.end}, found ${position}`);
    return 'accepted';
  },
});

/** The parsers of data from images, tools and the kernel. */
export const OUTSIDE_INPUT = [locks, descriptors, formatDecisions, volumes, mapAnswers];
