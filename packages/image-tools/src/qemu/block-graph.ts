import { type InspectedImage, LUKS } from './inspected-image.js';
import type { ToolFiles } from './tool-files.js';

const SECTOR_BYTES = 512;

/** A node of qemu's block layer with everything below it, in the form of `blockdev-add`. */
export interface BlockNode {
  readonly driver: string;
  readonly 'read-only': true;
  /** ID of the secret that decrypts an image of the format LUKS. */
  readonly 'key-secret'?: string | undefined;
  /** The encryption of a qcow2 image, with the ID of the secret that decrypts it. */
  readonly encrypt?: { readonly format: 'luks'; readonly 'key-secret': string } | undefined;
  readonly 'force-share'?: true;
  readonly filename?: string | undefined;
  /** Where the content begins in `file`, in bytes. */
  readonly offset?: number;
  /** Length of the content in `file`, in bytes. */
  readonly size?: number;
  readonly file?: BlockNode | undefined;
  readonly extents?: readonly BlockNode[] | undefined;
  readonly image?: BlockNode | undefined;
  readonly 'unshare-child-perms'?: readonly string[];
  readonly backing?: BlockNode | null | undefined;
}

/** Every file that qemu is allowed to open for an image, and the format of each. */
export interface BlockGraph {
  readonly node: BlockNode;
  /**
   * The graph as one argument of qemu-img or qemu-nbd, in place of a file name, without `-f` or `--image-opts`.
   * It begins with `json:`, so it is never parsed as an option; file names in it can contain any character.
   */
  readonly argument: string;
}

/**
 * Builds an image's complete block graph, so that qemu neither probes a format nor follows a name from a header: each
 * level names its driver, its file and its backing image or `null`.
 *
 * Only the names of a VMDK's extents cannot be set here: qemu reads them from the text descriptor. Therefore, qemu gets
 * a generated descriptor (see `toolFiles`).
 *
 * Format: the QMP reference, `BlockdevOptions`
 * (https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html), within the `json:` pseudo-protocol.
 */
export function blockGraph(image: InspectedImage, names: Names): BlockGraph {
  const node = formatNode(image, names);
  return { node, argument: `json:${JSON.stringify(node)}` };
}

type Names = Pick<ToolFiles, 'nameOf' | 'secretOf'>;

function formatNode(image: InspectedImage, names: Names): BlockNode {
  const sharing = sharingOf(image);
  return {
    driver: image.format,
    ...sharing,
    ...(image.format !== 'raw' && image.driverOptions),
    ...decryption(image, names.secretOf(image)),
    file: fileNode(image, names.nameOf(image)),
    ...(image.extentFiles.length > 0 && { extents: image.extentFiles.map(() => ({ driver: 'file', ...sharing })) }),
    // qemu accepts `null` for drivers without backing images too, so `backing` is always set.
    backing: image.backing === undefined ? null : formatNode(image.backing, names),
  };
}

function decryption({ format }: InspectedImage, secret: string | undefined): Partial<BlockNode> {
  if (secret === undefined) {
    return {};
  }
  return format === LUKS ? { 'key-secret': secret } : { encrypt: { format: LUKS, 'key-secret': secret } };
}

function fileNode(image: InspectedImage, filename: string): BlockNode {
  const sharing = sharingOf(image);
  const file = { driver: image.isDevice ? 'host_device' : 'file', ...sharing, filename };
  if (image.range !== undefined) {
    const { offset, length } = image.range;
    // Rounded up to a sector, as qemu rounds the size of a file. The archive pads the file to the end of that sector.
    const size = Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES;
    return { driver: 'raw', ...sharing, offset, size, file };
  }
  // qemu allows other writers of a raw image unless a filter forbids them.
  return image.access === 'without-writers'
    ? { driver: 'blkdebug', ...sharing, 'unshare-child-perms': ['write', 'resize'], image: file }
    : file;
}

function sharingOf({ access }: InspectedImage): Pick<BlockNode, 'read-only' | 'force-share'> {
  return { 'read-only': true, ...(access === 'beside-writers' && { 'force-share': true }) };
}
