import { pathText, shellOperand } from '@virt-similarity/core';
import type { FileBytes } from './format-inspector.js';
import { corrupt, refused } from './header-error.js';

/** The format of archives that are read, among them OVA files and Vagrant boxes. */
export const TAR = 'tar';

/** A regular file in a tar archive. */
export interface TarFile {
  /** Its name in the archive. Names can be repeated, absolute, or lead to other directories. */
  readonly name: string;
  /** Where its content begins in the archive. */
  readonly offset: number;
  /** Bytes. The archive can end earlier. */
  readonly length: number;
}

const BLOCK_BYTES = 512;
const CHECKSUM = { start: 148, end: 156 };
const SIZE = { start: 124, end: 136 };
const TYPE_AT = 156;
const USTAR = { magic: 'ustar\0', at: 257, prefix: { start: 345, end: 500 } };
const NAME_BYTES = 100;
/** If this bit of a number's first byte is set, the number is not in octal digits: its other bytes are big-endian. */
const BINARY = 0x80;

/** The most headers in an archive, including headers that only describe files after them. */
const MAX_HEADERS = 4096;
/** The most bytes of a long name or of extended attributes. */
const MAX_EXTENSION_BYTES = 64 * 1024;

/** The types of regular files, which can be disks. */
const FILE_TYPES = ['0', '\0', '7'];
/** Links, devices, directories and FIFOs have no content, whatever size their header states. */
const TYPES_WITHOUT_CONTENT = ['1', '2', '3', '4', '5', '6'];
/**
 * The types of headers that describe files after them: pax attributes, for the next or for all files, and GNU's names.
 */
const PAX = 'x';
const PAX_GLOBAL = 'g';
const LONG_NAME = 'L';
const LONG_LINK = 'K';
/** GNU's type of a file whose holes are left out. */
const SPARSE = 'S';

/** The attributes in extended headers that are used here. */
interface Attributes {
  readonly path?: Buffer;
  /** In decimal digits, unless the archive is damaged. */
  readonly size?: string;
  readonly isSparse?: true;
}

/**
 * Returns whether a block is a tar header: its checksum is the sum of its bytes, with the eight bytes of the checksum
 * counted as spaces.
 */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < BLOCK_BYTES || block[0] === 0) {
    return false;
  }
  const { start, end } = CHECKSUM;
  const stated = /^[ 0]*([0-7]+)[ \0]+$/.exec(block.toString('latin1', start, end))?.[1];
  const header = block.subarray(0, BLOCK_BYTES);
  const sum = header.reduce((total, byte, index) => total + (index >= start && index < end ? 0x20 : byte), 0);
  return stated !== undefined && Number.parseInt(stated, 8) === sum;
}

/**
 * Returns the regular files of a tar archive, in the order of the archive. Reads headers only.
 *
 * Formats: POSIX.1-2017 `pax` (ustar and pax interchange formats), GNU tar manual, "Basic Tar Format".
 *
 * @throws `HeaderError`: `corrupt` if a header or extended attributes are damaged; `refused` if a file is stored
 * without its holes, or if there are too many headers or too long attributes; and the errors of reading the file.
 */
export async function tarFiles(bytes: FileBytes): Promise<readonly TarFile[]> {
  const files: TarFile[] = [];
  let forAll: Attributes = {};
  let own: Attributes = {};
  let position = 0;
  for (let headers = 0; position < bytes.size; headers += 1) {
    const header = await bytes.read(position, BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) {
      break;
    }
    if (!isTarHeader(header)) {
      throw corrupt(`expected a tar header at byte ${position}, found none`);
    }
    if (headers === MAX_HEADERS) {
      throw refused(`it has more than ${MAX_HEADERS} headers; ${unpacking(bytes)}`);
    }
    const type = header.toString('latin1', TYPE_AT, TYPE_AT + 1);
    const offset = position + BLOCK_BYTES;
    const extension = isExtension(type) ? await extensionAt(bytes, offset, sizeIn(header)) : undefined;
    const attributes = { ...forAll, ...own };
    const length = extension?.length ?? contentLength(type, header, attributes);
    position = offset + Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
    if (extension === undefined) {
      const name = pathText(attributes.path ?? nameIn(header));
      requireStoredWhole(type, name, attributes, bytes);
      // The oldest archives mark a directory by its name only.
      if (FILE_TYPES.includes(type) && /[^/]$/.test(name)) {
        files.push({ name, offset, length });
      }
      own = {};
    } else if (type === PAX_GLOBAL) {
      forAll = { ...forAll, ...paxAttributes(extension) };
    } else if (type === PAX) {
      own = { ...own, ...paxAttributes(extension) };
    } else if (type === LONG_NAME) {
      own = { ...own, path: untilNul(extension) };
    }
  }
  return files;
}

function unpacking({ name }: FileBytes): string {
  return `unpack it with tar -xf ${shellOperand(name)}, and name its disks`;
}

function isExtension(type: string): boolean {
  return [PAX, PAX_GLOBAL, LONG_NAME, LONG_LINK].includes(type);
}

async function extensionAt(bytes: FileBytes, offset: number, length: number): Promise<Buffer> {
  if (length > MAX_EXTENSION_BYTES) {
    throw refused(
      `the attributes of one of its files have ${length} bytes, the limit is ${MAX_EXTENSION_BYTES}; ${unpacking(bytes)}`,
    );
  }
  const content = await bytes.read(offset, length);
  if (content.length < length) {
    throw corrupt(`it ends at byte ${offset + content.length}, within the attributes of a file`);
  }
  return content;
}

function contentLength(type: string, header: Buffer, attributes: Attributes): number {
  if (TYPES_WITHOUT_CONTENT.includes(type)) {
    return 0;
  }
  return attributes.size === undefined ? sizeIn(header) : decimal(attributes.size);
}

function requireStoredWhole(type: string, name: string, attributes: Attributes, bytes: FileBytes): void {
  if (type === SPARSE || attributes.isSparse) {
    throw refused(`it stores ${JSON.stringify(name)} without its holes; ${unpacking(bytes)}`);
  }
}

/** Returns the size in a header: a number in octal digits or, usually for 8 GiB and more, a binary number. */
function sizeIn(header: Buffer): number {
  const field = header.subarray(SIZE.start, SIZE.end);
  if ((field[0]! & BINARY) !== 0) {
    const [upper, size] = [field.readUInt32BE(0), Number(field.readBigUInt64BE(4))];
    if (upper === (BINARY << 24) >>> 0 && Number.isSafeInteger(size)) {
      return size;
    }
  } else if (/^ *[0-7]*[ \0]*$/.test(field.toString('latin1'))) {
    return Number.parseInt(`0${field.toString('latin1').replace(/[ \0]/g, '')}`, 8);
  }
  throw corrupt(`one of its headers has a size that is not a number, 0x${field.toString('hex')}`);
}

function nameIn(header: Buffer): Buffer {
  const name = untilNul(header.subarray(0, NAME_BYTES));
  const { magic, at, prefix } = USTAR;
  const directory =
    header.toString('latin1', at, at + magic.length) === magic ? header.subarray(prefix.start, prefix.end) : name;
  return directory === name || directory[0] === 0 ? name : Buffer.concat([untilNul(directory), Buffer.from('/'), name]);
}

/** Parses pax attributes. A record has its length in bytes, a blank, a name, `=`, a value and a newline. */
function paxAttributes(content: Buffer): Attributes {
  const text = content.toString('latin1');
  const record = /([1-9]\d{0,5}) ([^=]+)=/sy;
  let attributes: Attributes = {};
  for (let start = 0; start < content.length; ) {
    record.lastIndex = start;
    const [before = '', digits = '', key = ''] = record.exec(text) ?? [];
    const end = start + Number(digits);
    if (start + before.length >= end || text[end - 1] !== '\n') {
      throw corrupt('the attributes of one of its files are damaged');
    }
    attributes = { ...attributes, ...attributeOf(key, content.subarray(start + before.length, end - 1)) };
    start = end;
  }
  return attributes;
}

function attributeOf(key: string, value: Buffer): Attributes {
  if (key.startsWith('GNU.sparse.')) {
    return { isSparse: true };
  }
  switch (key) {
    case 'path':
      return { path: untilNul(value) };
    case 'size':
      return { size: value.toString('latin1') };
    default:
      return {};
  }
}

function decimal(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw corrupt(`the attributes of one of its files state the size ${JSON.stringify(text.slice(0, 40))}`);
  }
  return Number(text);
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}
