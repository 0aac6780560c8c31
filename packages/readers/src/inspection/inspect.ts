import {
  absolutePath,
  type DiskSource,
  type FileStamp,
  READ_DEFAULTS,
  type ReadOptions,
  sameFile,
  throwIfAborted,
  type Wording,
  wording,
} from '@virt-similarity/core';
import {
  BUBBLEWRAP,
  type InspectedImage,
  type QemuCall,
  qemuCall,
  type UnlockedVolume,
} from '@virt-similarity/image-tools';
import { volumeKey } from '../luks/volume-key.js';
import type { BackingReference, FormatHeader } from './format-inspector.js';
import { corrupt, inContext, inUserTerms, refused } from './header-error.js';
import { shownName } from './inspect-extents.js';
import { type ImageToInspect, type InspectedFile, inspectFile } from './inspect-file.js';
import { TAR } from './tar.js';
import { fittingPassphrase } from './unlock.js';

/** The most images in a chain. Each costs qemu memory and stack. */
const MAX_CHAIN_LENGTH = 64;

/**
 * Finds an image's format and every file that holds its content. Checks the format and the files against the policy.
 * Reads only headers, some tables, and partition tables. Keeps nothing open. Starts a process only to check a key for
 * an encrypted disk. Calls `options.warn` for every file that only its header identifies.
 *
 * @throws `refused` if the policy forbids the image or one of its files, or if a format is ambiguous or not supported;
 * `corrupt` if a header is damaged; `unreadable` if a file is missing or cannot be read; `changed` if a file is moved
 * or replaced during the call; `unavailable` if open files or memory run out; `usage` if the stated format is unknown;
 * `aborted`; and as `fittingPassphrase` and `volumeKey`.
 */
export async function inspect(source: DiskSource, options: ReadOptions): Promise<InspectedImage> {
  const call = qemuCall({ component: 'qemu', needs: [BUBBLEWRAP] }, source, options);
  const { image } = await inUserTerms(source.path, () => inspectChain(namedImage(source), [], options, call));
  return image;
}

function namedImage({ path, format, noFollow, archive }: DiskSource): ImageToInspect {
  const named = { reference: path, stated: format, statedBy: 'user', ...(noFollow && { noFollow }) } as const;
  if (archive === undefined) {
    return { path: absolutePath(path), ...named };
  }
  const archived = { archive: absolutePath(archive), member: path.slice(archive.length + 1) };
  // The format tar is the format of the archive, not of the image in it.
  const stated = format === TAR ? undefined : format;
  return { path: `${archived.archive}:${archived.member}`, archived, ...named, stated };
}

/** An image with its backing images, and the header of its own file. */
interface InspectedChain {
  readonly image: InspectedImage;
  readonly header: FormatHeader;
}

/**
 * Inspects an image and its backing images. `above` contains the files of the overlays that use the image, top first.
 */
async function inspectChain(
  toInspect: ImageToInspect,
  above: readonly FileStamp[],
  options: ReadOptions,
  call: QemuCall,
): Promise<InspectedChain> {
  throwIfAborted(options.signal);
  const file = await inContext(describe(toInspect), async () =>
    requireAllowedSize(await inspectFile(toInspect, options), options),
  );
  const { header, path, notes } = file;
  requireShortChain(file.image.file, above);
  for (const note of notes) {
    const named = file.image.range === undefined ? file.image.file.path : path;
    options.warn?.(`${toInspect.statedBy === 'user' ? toInspect.reference : named}: ${note}`);
  }
  const image = await unlocked(file, call);
  if (header.backing === undefined) {
    return { image: { ...image, backing: undefined }, header };
  }
  const { name, format } = header.backing;
  const statedBy = image.format === 'vmdk' ? 'vmdk-child' : 'overlay';
  const next = { reference: name, headerPath: path, stated: format, statedBy } as const;
  const backing = await inspectChain(next, [...above, image.file], options, call);
  requireSameContent(header.backing, backing.header);
  return { image: { ...image, backing: backing.image }, header };
}

async function unlocked(
  { image, passphrases: [first, ...others], locked }: InspectedFile,
  call: QemuCall,
): Promise<InspectedFile['image']> {
  if (first !== undefined) {
    return { ...image, passphrase: await fittingPassphrase(image, [first, ...others], call) };
  }
  const volumes: UnlockedVolume[] = [];
  for (const { volume, layout, header, passphrases } of locked) {
    volumes.push({ ...volume, ...layout, key: await volumeKey(header, passphrases, call) });
  }
  return volumes.length === 0 ? image : { ...image, volumes };
}

/**
 * Requires that the parent was not written to after the snapshot was made, as far as the content ID shows: the
 * snapshot's disk would otherwise have different data.
 */
function requireSameContent({ name, contentId }: BackingReference, parent: FormatHeader): void {
  if (contentId !== parent.contentId && contentId !== undefined) {
    throw corrupt(
      `its parent ${shownName(name)} was changed after this snapshot was made: expected CID ${contentId}, found CID ${parent.contentId}`,
      "restore the parent's earlier content",
    );
  }
}

function requireAllowedSize(
  file: InspectedFile,
  { maxVirtualSize = READ_DEFAULTS.maxVirtualSize }: ReadOptions,
): InspectedFile {
  const { virtualSize } = file.header;
  if (virtualSize > maxVirtualSize) {
    const remedy = wording`pass ${{ option: 'maxVirtualSize', value: virtualSize }} if that is its real size`;
    throw refused(wording`its header claims ${virtualSize} bytes, the limit is ${maxVirtualSize}; ${remedy}`);
  }
  return file;
}

function requireShortChain(file: FileStamp, above: readonly FileStamp[]): void {
  if (above.some((other) => sameFile(other, file))) {
    throw refused(`its chain of backing files loops back to ${file.path}; rebase it onto another file`);
  }
  if (above.length >= MAX_CHAIN_LENGTH) {
    throw refused(
      `its chain of backing files is longer than ${MAX_CHAIN_LENGTH} images; shorten it with qemu-img convert`,
    );
  }
}

/**
 * Returns a function that adds to a message which file of the chain the message concerns, and which field names the
 * file.
 */
function describe(image: ImageToInspect): (message: Wording) => Wording {
  if (image.statedBy === 'user') {
    return (message) => message;
  }
  const naming = image.statedBy === 'vmdk-child' ? 'parentFileNameHint' : 'backing file';
  return (message) => wording`its ${naming} ${shownName(image.reference)} cannot be used: ${message}`;
}
