import { basename } from 'node:path';
import { type Wording, wording } from '@virt-similarity/core';
import { LUKS } from '@virt-similarity/image-tools';
import { type Container, containerOf, TAR_ARCHIVE } from './containers.js';
import { expectedFormats } from './extensions.js';
import type { FileEnds, FormatInspector } from './format-inspector.js';
import { remedy, type StatedFormat, unpacking } from './format-remedy.js';
import { vmdkPart } from './formats/vmdk-names.js';
import { FORMATS, IMAGE_FORMATS } from './formats.js';
import { corrupt, HeaderError, refused } from './header-error.js';
import { partNameOf, SPLIT } from './split-disk.js';
import { TAR } from './tar.js';

/**
 * The drivers with which qemu opens a file or a device as raw bytes, without a format driver. Each driver opens either
 * files or devices. An overlay can state one of the drivers as a format.
 */
const PROTOCOLS: ReadonlyMap<string, 'device' | 'file'> = new Map([
  ['file', 'file'],
  ['host_device', 'device'],
  ['host_cdrom', 'device'],
]);

/** The names of the parts into which OVF (`disk.vmdk.000000001`) and `split` (`disk.img.001`) divide a file. */
const PART_NAME = /\.(?:0\d\d|\d{9})$/;

/** The facts from which a file's format is decided. */
export interface FormatEvidence extends StatedFormat {
  /** Size of the file in bytes. */
  readonly size: number;
  readonly isDevice: boolean;
  readonly ends: FileEnds;
  /** Set if the file begins with a LUKS header of version 1 for which the user gave a key. */
  readonly hasKey?: true;
}

/** The format in which a file is read. */
export interface FormatDecision {
  readonly format: string;
  /** Whether only the header shows the format. The header must then not refer to any other file. */
  readonly mustBeSelfContained: boolean;
}

/**
 * Decides a file's format: as stated, or else from its extension and header together. A guest controls its raw disk's
 * first and last bytes, so a header alone is not enough to open other files that it names.
 *
 * @throws `HeaderError` if the stated format is unknown or not found in the header, if name and header contradict each
 * other, or if the file is a container or a part of an image that cannot be read.
 */
export function decideFormat(evidence: FormatEvidence): FormatDecision {
  const { stated } = evidence;
  const found = recognize(evidence.ends, inspectorsFor(evidence));
  if (stated !== undefined) {
    return certain(statedFormat(stated, found?.format, evidence));
  }
  if (isPart(evidence)) {
    return certain(formatOfPart(evidence, found));
  }
  const expected = evidence.isDevice ? undefined : expectedFormats(evidence.path);
  if (found?.format === LUKS && (expected ?? ['raw']).some((format) => format === 'raw' || format === LUKS)) {
    // Without a key, an encrypted disk is opaque bytes.
    return certain(evidence.hasKey ? LUKS : 'raw');
  }
  if (expected === undefined) {
    return decideByHeader(evidence, found);
  }
  if (expected.includes('raw')) {
    requireNoMagic(evidence, found);
    requireNoContainer(evidence);
    return certain('raw');
  }
  if (found === undefined) {
    requireNoContainer(evidence);
    requireNoVmdkPart(evidence);
    throw missingHeader(expected.join(' or '), undefined, evidence);
  }
  if (!expected.includes(found.format)) {
    throw refused(contradiction(expected.join(' or '), found.format, evidence));
  }
  return certain(found.format);
}

/**
 * A format that was recognized, and where its magic is: at the beginning (`head`) or at the end (`tail`) of the file.
 */
export interface Recognition {
  readonly format: string;
  readonly at: 'head' | 'tail';
}

/**
 * Returns the inspectors of the formats that a file can have. Only a file that the user named, and that is not in an
 * archive, can be compressed.
 */
function inspectorsFor({ statedBy, archived }: FormatEvidence): readonly FormatInspector[] {
  return statedBy === 'user' && archived === undefined ? FORMATS : IMAGE_FORMATS;
}

/**
 * Returns the format whose magic the file has; `undefined` if it has none. A magic at the beginning takes precedence.
 */
export function recognize(
  ends: FileEnds,
  formats: readonly FormatInspector[] = IMAGE_FORMATS,
): Recognition | undefined {
  const all = formats.flatMap(({ format, recognize: test }) => {
    const at = test(ends);
    return at === undefined ? [] : [{ format, at }];
  });
  return all.find(({ at }) => at === 'head') ?? all[0];
}

function certain(format: string): FormatDecision {
  return { format, mustBeSelfContained: false };
}

function statedFormat(stated: string, found: string | undefined, evidence: FormatEvidence): string {
  if (stated === 'raw' || (stated === SPLIT && evidence.statedBy === 'user')) {
    return stated;
  }
  if (evidence.statedBy === 'overlay' && PROTOCOLS.has(stated)) {
    return protocolFormat(stated, evidence);
  }
  const known = inspectorsFor(evidence).map(({ format }) => format);
  if (!known.includes(stated)) {
    const code = evidence.statedBy === 'user' ? 'usage' : 'refused';
    throw new HeaderError(code, `unknown format ${JSON.stringify(stated)}; expected one of raw, ${known.join(', ')}`);
  }
  if (found !== stated) {
    throw missingHeader(stated, found, evidence);
  }
  return stated;
}

/**
 * Returns `raw`, the format of every file for which an overlay states a protocol. qemu opens no regular file as a
 * device, and no device as a regular file.
 *
 * @throws `HeaderError` if the protocol does not fit the file.
 */
function protocolFormat(protocol: string, evidence: FormatEvidence): string {
  if ((PROTOCOLS.get(protocol) === 'device') !== evidence.isDevice) {
    const found = evidence.isDevice ? 'a block device' : 'a regular file';
    throw refused(wording`its overlay states ${protocol}, but it is ${found}; ${remedy(evidence, 'raw')}`);
  }
  return 'raw';
}

function isPart({ isDevice, path }: FormatEvidence): boolean {
  return !isDevice && PART_NAME.test(path);
}

/**
 * Decides the format of a file that is named like a part of a file. Only parts of a raw disk can be read. A complete
 * image can have such a name too: libvirt names external snapshots after disk and snapshot, as in `web.001`.
 *
 * @throws `HeaderError` if the file cannot be read as a part.
 */
function formatOfPart(evidence: FormatEvidence, found: Recognition | undefined): string {
  const { whole } = partNameOf(basename(evidence.path))!;
  const isRaw = found === undefined && (expectedFormats(whole) ?? ['raw']).includes('raw');
  if (isRaw && evidence.statedBy === 'user' && evidence.archived === undefined) {
    requireNoContainer(evidence);
    return SPLIT;
  }
  const content = found === undefined ? '' : `, and it holds a ${found.format} header`;
  const unpack = evidence.archived === undefined ? '' : `unpack the archive with ${unpacking(evidence.archived)} and `;
  throw refused(
    wording`its name says that it is one part of ${JSON.stringify(whole)}${content}; ${unpack}join the parts with cat first, or ${remedy(evidence, found?.format ?? 'raw')} if it is a complete image`,
  );
}

/** Refuses a file that is recognized as a container, and so is not a disk image, whatever its name. */
function requireNoContainer(evidence: FormatEvidence): void {
  const container = containerOf(evidence.ends.head);
  if (container !== undefined) {
    throw refused(
      wording`it is ${container.what}, not a disk image; ${remedyFor(container, evidence)}, or ${remedy(evidence, 'raw')} to compare its bytes as they are`,
    );
  }
}

function remedyFor(container: Container, evidence: FormatEvidence): Wording {
  const { archived, statedBy } = evidence;
  if (archived !== undefined) {
    return `unpack the archive with ${unpacking(archived)}, and name the files in it`;
  }
  // A backing file cannot be an archive.
  return container.what === TAR_ARCHIVE && statedBy === 'user'
    ? wording`${remedy(evidence, TAR)} to read the disks in it`
    : `${container.remedy} first`;
}

function missingHeader(expected: string, found: string | undefined, evidence: FormatEvidence): HeaderError {
  if (evidence.statedBy === 'vmdk-child') {
    return corrupt(
      `expected a vmdk header, found ${found === undefined ? 'none' : `a ${found} header`}`,
      remedy(evidence, expected),
    );
  }
  if (evidence.size === 0) {
    return corrupt(
      `it is empty; expected a ${expected} header`,
      wording`${remedy(evidence, 'raw')} if it is a disk of 0 bytes`,
    );
  }
  const instead = found === undefined ? 'no known header' : `a ${found} header`;
  return corrupt(
    `expected a ${expected} header, found ${instead}`,
    wording`${remedy(evidence, found ?? 'raw')} if that is its format`,
  );
}

function requireNoVmdkPart(evidence: FormatEvidence): void {
  const part = vmdkPart(basename(evidence.path));
  if (part !== undefined) {
    throw refused(
      wording`its name says that it is ${part}, or ${remedy(evidence, 'raw')} to compare its bytes as they are`,
    );
  }
}

/** Refuses a `.raw` file with another format's header, because its format is ambiguous. */
function requireNoMagic(evidence: FormatEvidence, found: Recognition | undefined): void {
  if (found !== undefined) {
    throw refused(contradiction('raw', found.format, evidence));
  }
}

function contradiction(named: string, found: string, evidence: FormatEvidence): Wording {
  return wording`its name says ${named}, but it holds a ${found} header; ${remedy(evidence, 'raw', found)}`;
}

function decideByHeader(evidence: FormatEvidence, found: Recognition | undefined): FormatDecision {
  if (found?.at === 'tail') {
    throw refused(
      wording`only its last bytes identify it as ${found.format}, not its name; ${remedy(evidence, found.format, 'raw')}`,
    );
  }
  if (found !== undefined) {
    return { format: found.format, mustBeSelfContained: true };
  }
  if (evidence.size === 0) {
    throw missingHeader('disk image', undefined, evidence);
  }
  requireNoContainer(evidence);
  return certain('raw');
}
