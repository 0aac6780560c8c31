import {
  type ExpectedFile,
  expectedFiles,
  type ImageIdentity,
  type Link,
  type ObjectStamp,
} from '@virt-similarity/core';
import {
  type ByteRange,
  chainOf,
  hasVolatileContent,
  type InspectedImage,
  type UnlockedVolume,
} from '@virt-similarity/image-tools';

/**
 * Returns what the image's content depends on. This is, for each image of the chain, top first: the file with the
 * header, the extent files, the image's range in an archive, and the volumes that are decrypted. Each image can also be
 * opened alone, by its path and format, with the same content as in the chain.
 */
export function identityOf(image: InspectedImage): ImageIdentity {
  return { chain: wholeIdentityOf(image).chain.map((link) => ({ ...link, standalone: true })) };
}

/**
 * As `identityOf`, but the backing images cannot be opened alone. A session needs such an identity, because it must
 * know its images in advance.
 */
export function wholeIdentityOf(image: InspectedImage): ImageIdentity {
  return { chain: chainOf(image).map(linkOf) };
}

/** Returns the files of an image and of its backing images, in the order of its identity, for opening them. */
export function expectedFilesOf(image: InspectedImage): ExpectedFile[] {
  return expectedFiles(wholeIdentityOf(image));
}

function linkOf(image: InspectedImage): Link {
  const { format, file, range, extentFiles, encryption, ciphertext, volumes = [] } = image;
  return {
    format,
    parts: [file, ...extentFiles, ...(range ? [stampOfRange(range)] : []), ...volumes.map(stampOfVolume)],
    ...(hasVolatileContent(image) && { volatile: true }),
    ...(encryption && { encryption }),
    ...(ciphertext && { ciphertext }),
  };
}

/** Returns a stamp that distinguishes the images in one archive. */
function stampOfRange({ offset, length }: ByteRange): ObjectStamp {
  return { kind: 'object', path: `part at ${offset}`, version: `${length} bytes` };
}

/** Returns a stamp that distinguishes disks of which different volumes are decrypted. */
function stampOfVolume({ start, uuid }: UnlockedVolume): ObjectStamp {
  return { kind: 'object', path: `decrypted volume at ${start}`, version: uuid };
}
