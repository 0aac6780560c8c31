import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { refused } from '../header-error.js';
import { countableSize, headerText } from './header-fields.js';
import { DESCRIPTOR_SIGNATURE, readDescriptor } from './vmdk-descriptor.js';
import { isSparseExtent, readSparseHeader, requireGrainTables, SECTOR_BYTES } from './vmdk-sparse.js';

/** qemu takes a parent's name from these sectors of a sparse extent, wherever its header says the descriptor is. */
const EMBEDDED_DESCRIPTOR_OFFSET = 512;
const EMBEDDED_DESCRIPTOR_BYTES = 20 * 512;
/** As far as qemu reads one: a disk of any size may begin with it. */
const MAX_DESCRIPTOR_BYTES = 1024 * 1024;
const PARENT_HINT = 'parentFileNameHint';

/** VMware's disk, after VMware's "Virtual Disk Format 5.0" and block/vmdk.c of qemu: sparse extents and descriptors. */
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

function isDescriptor(head: Buffer): boolean {
  return head.toString('latin1', 0, DESCRIPTOR_SIGNATURE.length) === DESCRIPTOR_SIGNATURE;
}

async function startsAsDescriptor(bytes: FileBytes): Promise<boolean> {
  return isDescriptor(await bytes.read(0, Math.min(bytes.size, DESCRIPTOR_SIGNATURE.length)));
}

async function readTextHeader(bytes: FileBytes): Promise<FormatHeader> {
  const text = textUntilNul(await bytes.read(0, Math.min(bytes.size, MAX_DESCRIPTOR_BYTES)));
  const { virtualSize, extents } = readDescriptor(text);
  return { virtualSize: countableSize(virtualSize), extents, ...parentOf(text) };
}

async function readSparse(bytes: FileBytes): Promise<FormatHeader> {
  const { capacity } = await readSparseHeader(bytes);
  const text = textUntilNul(await bytes.read(EMBEDDED_DESCRIPTOR_OFFSET, EMBEDDED_DESCRIPTOR_BYTES));
  return { virtualSize: countableSize(capacity * SECTOR_BYTES), ...parentOf(text) };
}

function textUntilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/** The parent that qemu would follow: the quoted text after the first mention of the hint, whatever stands around it. */
function parentOf(text: string): { backing?: BackingReference } {
  const mention = text.indexOf(PARENT_HINT);
  if (mention < 0) {
    return {};
  }
  const quoted = /^="([^"]*)"/.exec(text.slice(mention + PARENT_HINT.length));
  if (quoted === null) {
    throw refused(
      `its vmdk descriptor has a ${PARENT_HINT} that cannot be read; convert it with the program that made it`,
    );
  }
  const name = headerText(Buffer.from(quoted[1]!, 'latin1'), PARENT_HINT);
  return name === '' ? {} : { backing: { name } };
}
