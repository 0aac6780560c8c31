import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { readExactly } from './header-fields.js';

/** Name of the file that describes a Parallels disk. It is in the directory of the disk's images. */
export const PARALLELS_DESCRIPTOR = 'DiskDescriptor.xml';

/** The most bytes of a descriptor: each snapshot needs about 300. */
const MAX_DESCRIPTOR_BYTES = 1024 * 1024;
const COMMENT = /<!--.*?(?:-->|$)/gs;
const STORAGE = /<Storage\s*>/g;
const FILE = /<File\s*>([^<]*)</g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** The most characters of a name in a message. */
const MAX_NAME_LENGTH = 120;

/**
 * Requires that an image is the only image of its disk. An image of a snapshot, or of a split disk, has only a part of
 * the disk's content, and the image's own header does not show that. A descriptor that lists no images is accepted.
 *
 * Format: docs/interop/prl-xml.txt of qemu
 *
 * @param image the image's file name
 * @throws `HeaderError` if the descriptor lists several parts, several images or only another image, if it is too long,
 * or if it cannot be read.
 */
export async function requireOnlyImage(descriptor: FileBytes, image: string): Promise<void> {
  if (descriptor.size > MAX_DESCRIPTOR_BYTES) {
    throw corrupt(
      `its ${PARALLELS_DESCRIPTOR} has ${descriptor.size} bytes; expected at most ${MAX_DESCRIPTOR_BYTES}`,
      'restore it from a good copy',
    );
  }
  const bytes = await readExactly(descriptor, 0, descriptor.size, PARALLELS_DESCRIPTOR);
  const text = bytes.toString().replace(COMMENT, '');
  const storages = text.match(STORAGE)?.length ?? 0;
  const [file, ...others] = [...text.matchAll(FILE)].map(([, name]) => fileName(name!));
  if (storages > 1) {
    throw refused(
      `its ${PARALLELS_DESCRIPTOR} says that the disk is split into ${storages} parts; join them with prl_disk_tool convert --merge --hdd first`,
    );
  }
  if (others.length > 0) {
    throw refused(
      `its ${PARALLELS_DESCRIPTOR} says that the disk has ${others.length + 1} images, because of snapshots; merge them with prl_disk_tool merge --hdd first`,
    );
  }
  if (file !== undefined && file !== image) {
    const shown = JSON.stringify(file.slice(0, MAX_NAME_LENGTH));
    throw refused(`its ${PARALLELS_DESCRIPTOR} says that the disk's image is another file; name ${shown}`);
  }
}

/** Returns the name of the file that the text of a `File` element states, without its directory. */
function fileName(text: string): string {
  const path = text.replace(/&(\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
  return path.trim().split(/[/\\]/).at(-1)!;
}
