import type { VmdkDescriptorFields } from '@virt-similarity/image-tools';
import type { ExtentReference, FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { headerText, requireWithin } from './header-fields.js';
import { requireGrainTables, SECTOR_BYTES } from './vmdk-grain-tables.js';
import { readSparseHeader } from './vmdk-sparse.js';

/**
 * The start of a text descriptor, as VMware writes it or qemu accepts it: either its first line identifies it, or a
 * version follows comments and blank lines.
 */
const DESCRIPTOR_START =
  /^(?:\xef\xbb\xbf)?(?:[ \t\r\n]*#[ \t]*disk[ \t]*descriptor[ \t]*file|(?:[ \t]*(?:#[^\n]*)?\n|[ \t]*\r\n)*[ \t]*version[ \t]*=[ \t]*[123][ \t]*\r?\n)/i;
/** The supported create types, spelled as qemu requires. */
const KNOWN_CREATE_TYPES = [
  ...['monolithicFlat', 'twoGbMaxExtentFlat', 'twoGbMaxExtentSparse'],
  ...['vmfs', 'vmfsSparse', 'seSparse'],
];
const FIELD_LINE = /^[ \t]*([\w.-]+)[ \t]*=(.*)$/;
/** A line of the disk database. Such lines are ignored. */
const DATABASE_LINE = /^[ \t]*ddb\./;
const IGNORED_LINE = /^[ \t]*(?:#.*)?$/;
const EXTENT_START = /^[ \t]*(?:RW|RDONLY|NOACCESS)\b/;
/** `RW 4192256 FLAT "disk-f001.vmdk" 0`: access, sectors, kind, file, first sector. */
const EXTENT_LINE =
  /^[ \t]*(RW|RDONLY|NOACCESS)[ \t]+(\d{1,18})[ \t]+(\w+)[ \t]+"([^"\r]{1,511})"(?:[ \t]+(\d{1,18}))?[ \t]*$/;
/** The most characters of a line in a message. */
const MAX_EXCERPT = 120;
const CONTENT_ID = /^[\da-f]{1,8}$/i;

/** The content ID that means "no parent". */
export const NO_PARENT = 'ffffffff';

const KINDS = ['FLAT', 'VMFS', 'SPARSE', 'VMFSSPARSE', 'SESPARSE'] as const;
type ExtentKind = (typeof KINDS)[number];

/** Returns whether bytes begin like a text descriptor. */
export function isDescriptor(head: Buffer): boolean {
  return DESCRIPTOR_START.test(head.toString('latin1'));
}

/** The content of a text descriptor. */
export interface VmdkDescriptor {
  /** Bytes. */
  readonly virtualSize: bigint;
  readonly fields: VmdkDescriptorFields;
  readonly extents: readonly ExtentReference[];
  /** Name of the parent, as written in the descriptor; empty if the descriptor states none. */
  readonly parentHint: string;
  /** Name of the file that tracks changed blocks, as written in the descriptor; `undefined` if it states none. */
  readonly changeTracking: string | undefined;
}

/**
 * Parses a text descriptor, given with one character per byte. Nothing is guessed.
 *
 * @throws `HeaderError` if a line is invalid, a field is missing or repeated, an extent or a value is not supported, or
 * no extents are listed.
 */
export function readDescriptor(text: string): VmdkDescriptor {
  const { fields, extents } = readLines(text);
  if (extents.length === 0) {
    throw corrupt('its vmdk descriptor lists no extents');
  }
  const createType = requiredField(fields, 'createType');
  if (!KNOWN_CREATE_TYPES.includes(createType)) {
    throw refused(
      `its vmdk descriptor has the createType ${JSON.stringify(createType)}, which is not supported; convert it with the program that made it`,
    );
  }
  return {
    virtualSize: extents.reduce((total, { sectors }) => total + sectors, 0n) * SECTOR_BYTES,
    fields: {
      cid: contentId(requiredField(fields, 'CID'), 'CID'),
      parentCid: contentId(requiredField(fields, 'parentCID'), 'parentCID'),
      createType,
      extents: extents.map(({ kind, sectors, first }) => ({ kind, sectors, first })),
    },
    extents,
    parentHint: fields.get('parentfilenamehint') ?? '',
    changeTracking: fields.get('changetrackpath'),
  };
}

/**
 * Normalizes a content ID to 8 lower-case hexadecimal digits.
 *
 * @throws `HeaderError` if the value is not a content ID.
 */
export function contentId(value: string, what: string): string {
  if (!CONTENT_ID.test(value)) {
    throw corrupt(`its vmdk descriptor has the ${what} ${JSON.stringify(value)}; expected up to 8 hexadecimal digits`);
  }
  return value.toLowerCase().padStart(8, '0');
}

interface DescriptorLines {
  /** The values of the fields, by name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly extents: readonly DescriptorExtent[];
}

function readLines(text: string): DescriptorLines {
  const fields = new Map<string, string>();
  const extents: DescriptorExtent[] = [];
  const lines = text.replace(/^\xef\xbb\xbf/, '').split('\n');
  for (const line of lines.map((each) => each.replace(/\r$/, ''))) {
    if (EXTENT_START.test(line)) {
      extents.push(readExtentLine(line));
    } else if (!IGNORED_LINE.test(line) && !DATABASE_LINE.test(line)) {
      const [key, value] = readFieldLine(line);
      if (fields.has(key)) {
        throw refused(`its vmdk descriptor has ${key} twice; keep only the correct one`);
      }
      fields.set(key, value);
    }
  }
  return { fields, extents };
}

function readFieldLine(line: string): [key: string, value: string] {
  const [, key, text] = FIELD_LINE.exec(line) ?? [];
  const [, quoted, bare] = /^(?:"([^"]*)"|([^"]*))$/.exec(text?.trim() ?? '"') ?? [];
  const value = quoted ?? bare;
  if (key === undefined || value === undefined) {
    throw refused(
      `its vmdk descriptor has a line that cannot be understood, ${excerpt(line)}; correct it or remove it`,
    );
  }
  return [key.toLowerCase(), value];
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > MAX_EXCERPT ? `${line.slice(0, MAX_EXCERPT)}…` : line);
}

function requiredField(fields: DescriptorLines['fields'], name: string): string {
  const value = fields.get(name.toLowerCase());
  if (value === undefined) {
    throw corrupt(`its vmdk descriptor has no ${name}`);
  }
  return value;
}

interface DescriptorExtent extends ExtentReference {
  readonly kind: ExtentKind;
  readonly sectors: bigint;
  readonly first: bigint;
}

function readExtentLine(line: string): DescriptorExtent {
  const [, access, count, kind, name, first] = EXTENT_LINE.exec(line) ?? [];
  if (kind === undefined || count === undefined || name === undefined || BigInt(count) === 0n) {
    throw corrupt(`its vmdk descriptor has an invalid extent: ${excerpt(line)}`);
  }
  if (access !== 'RW' || !isKnown(kind)) {
    throw refused(
      `its vmdk descriptor has a ${access} ${kind} extent, which is not supported; convert it with the program that made it`,
    );
  }
  if (first === undefined ? kind === 'FLAT' : kind.endsWith('SPARSE')) {
    throw corrupt(
      `its vmdk descriptor has an invalid extent: ${excerpt(line)}; expected ${kind === 'FLAT' ? 'a first sector at its end' : 'no first sector'}`,
    );
  }
  const sectors = BigInt(count);
  const location = { sectors, first: BigInt(first ?? '0') };
  const check = kind.endsWith('SPARSE') ? checkSparse(kind, sectors) : checkFlat(location);
  return { name: headerText(Buffer.from(name, 'latin1'), "extent file's name"), kind, ...location, check };
}

function isKnown(kind: string): kind is ExtentKind {
  return KINDS.some((known) => known === kind);
}

function checkFlat({ sectors, first }: Pick<DescriptorExtent, 'sectors' | 'first'>): ExtentReference['check'] {
  return async (bytes: FileBytes) => requireWithin(bytes, first * SECTOR_BYTES, sectors * SECTOR_BYTES, 'data');
}

function checkSparse(kind: ExtentKind, sectors: bigint): ExtentReference['check'] {
  return async (bytes: FileBytes) => {
    const header = await readSparseHeader(bytes);
    if (!header.kinds.includes(kind)) {
      throw corrupt(`it is a ${header.kinds.join(' or ')} extent; the vmdk descriptor says ${kind}`);
    }
    // qemu uses the capacity in the extent's header: a larger capacity would shift all extents after this extent.
    if (header.capacity !== sectors) {
      throw corrupt(`it has ${header.capacity} sectors; the vmdk descriptor says ${sectors}`);
    }
    // The grain tables are checked here, because `requireTables` does not read the files of extents.
    await requireGrainTables(bytes, header);
  };
}
