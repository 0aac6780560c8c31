import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { countableSize, headerText } from './header-fields.js';
import { contentId, isDescriptor, NO_PARENT, readDescriptor } from './vmdk-descriptor.js';
import { requireGrainTables, SECTOR_BYTES } from './vmdk-grain-tables.js';
import { vmdkPart } from './vmdk-names.js';
import { isSparseExtent, readSparseHeader } from './vmdk-sparse.js';

/**
 * Position and length, in bytes, of the part of a sparse extent from which qemu reads a parent's name. qemu reads this
 * part wherever the header places the descriptor.
 */
const EMBEDDED_DESCRIPTOR_OFFSET = 512;
const EMBEDDED_DESCRIPTOR_BYTES = 20 * 512;
/** The first bytes of a file, by which a text descriptor is recognized. */
const HEAD_BYTES = 4096;
/**
 * The most bytes of a text descriptor: enough for 1,024 extents with long names. A raw disk of any size can begin like
 * a descriptor.
 */
const MAX_DESCRIPTOR_BYTES = 1024 * 1024;
const PARENT_HINT = 'parentFileNameHint';

/** VMware's sparse extents and descriptors, according to "Virtual Disk Format 5.0" and block/vmdk.c of qemu. */
export const vmdk: FormatInspector = {
  format: 'vmdk',
  recognize: ({ head }) => (isSparseExtent(head) || isDescriptor(head) ? 'head' : undefined),
  readHeader: async (bytes) => ((await startsAsDescriptor(bytes)) ? readTextHeader(bytes) : readSparse(bytes)),
  requireTables: async (bytes) => {
    if (!(await startsAsDescriptor(bytes))) {
      await requireGrainTables(bytes, await readSparseHeader(bytes));
    }
  },
};

async function startsAsDescriptor(bytes: FileBytes): Promise<boolean> {
  return isDescriptor(await bytes.read(0, Math.min(bytes.size, HEAD_BYTES)));
}

/**
 * Reads the text of a descriptor file up to the first NUL, one character per byte.
 *
 * @throws `HeaderError` if it is too long, or if the file cannot be read.
 */
async function textOf(bytes: FileBytes): Promise<string> {
  const head = await bytes.read(0, Math.min(bytes.size, MAX_DESCRIPTOR_BYTES));
  if (bytes.size > head.length && !head.includes(0)) {
    throw corrupt(`its vmdk descriptor has more than ${MAX_DESCRIPTOR_BYTES} bytes`);
  }
  return textUntilNul(head);
}

async function readTextHeader(bytes: FileBytes): Promise<FormatHeader> {
  const { virtualSize, fields, extents, parentHint, changeTracking } = readDescriptor(await textOf(bytes));
  return {
    virtualSize: countableSize(virtualSize),
    extents,
    descriptor: fields,
    contentId: fields.cid,
    ...(changeTracking !== undefined && { changeTracking: textOfName(changeTracking, 'changeTrackPath') }),
    ...parentOf(parentHint, fields.parentCid),
  };
}

async function readSparse(bytes: FileBytes): Promise<FormatHeader> {
  const { capacity } = await readSparseHeader(bytes);
  const text = textUntilNul(await bytes.read(EMBEDDED_DESCRIPTOR_OFFSET, EMBEDDED_DESCRIPTOR_BYTES));
  const cid = embeddedField(text, 'CID');
  if (cid === undefined) {
    throw refused(
      `it is ${vmdkPart(bytes.name) ?? 'a part of a VMDK; name the descriptor, a small text file beside it'}`,
    );
  }
  const parentCid = embeddedField(text, 'parentCID') ?? NO_PARENT;
  return {
    virtualSize: countableSize(capacity * SECTOR_BYTES),
    contentId: contentId(cid, 'CID'),
    ...parentOf(embeddedHint(text), contentId(parentCid, 'parentCID')),
  };
}

function textUntilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/**
 * Returns the value of a field; `undefined` if the text does not mention the field's key. As the value, qemu takes the
 * text after the first mention of the key and one more character, in any context. Here, the first mention must be a
 * line `key=value`.
 *
 * @throws `HeaderError` if the first mention is not such a line.
 */
function embeddedField(text: string, key: string): string | undefined {
  const mention = text.indexOf(key);
  if (mention < 0) {
    return undefined;
  }
  const value = /^=([^\r\n]*)\r?(?:\n|$)/.exec(text.slice(mention + key.length))?.[1];
  const isLine = mention === 0 || text[mention - 1] === '\n';
  if (value === undefined || !isLine) {
    throw refused(
      `its vmdk descriptor first mentions ${key} outside a field of that name; convert it with the program that made it`,
    );
  }
  return value.trim();
}

/**
 * Returns the parent that qemu would follow: the quoted text after the first mention of the hint, in any context; empty
 * if the hint is not mentioned.
 *
 * @throws `HeaderError` if no quoted text follows.
 */
function embeddedHint(text: string): string {
  const mention = text.indexOf(PARENT_HINT);
  if (mention < 0) {
    return '';
  }
  const quoted = /^="([^"]*)"/.exec(text.slice(mention + PARENT_HINT.length))?.[1];
  if (quoted === undefined) {
    throw refused(`its vmdk descriptor has an invalid ${PARENT_HINT}; convert it with the program that made it`);
  }
  return quoted;
}

function textOfName(name: string, what: string): string {
  return headerText(Buffer.from(name, 'latin1'), what);
}

/**
 * Returns the reference to a parent; an empty object if there is none. A parent is always a VMDK, and both its name and
 * its content ID must be stated.
 *
 * @throws `HeaderError` if only one of the two is stated.
 */
function parentOf(hint: string, parentCid: string): { backing?: BackingReference } {
  const name = textOfName(hint, PARENT_HINT);
  if (name === '' && parentCid === NO_PARENT) {
    return {};
  }
  if (name === '') {
    throw corrupt(
      `it is a snapshot of a disk (parentCID ${parentCid}) but does not name that disk`,
      `add its ${PARENT_HINT}`,
    );
  }
  if (parentCid === NO_PARENT) {
    throw corrupt(
      `its vmdk descriptor names a parent, ${JSON.stringify(name)}, but its parentCID means that it has none`,
    );
  }
  return { backing: { name, format: 'vmdk', contentId: parentCid } };
}
