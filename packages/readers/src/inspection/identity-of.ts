import { type ExpectedFile, expectedFiles, type ImageIdentity, type Link } from '@virt-similarity/core';
import { chainOf, hasVolatileContent, type InspectedImage } from '@virt-similarity/image-tools';

/**
 * What the image's content depends on: of each image of the chain, top first, the file with the header and then its
 * extent files. Each can be opened by itself, by its path and format, and is looked at then just as it is from above.
 */
export function identityOf(image: InspectedImage): ImageIdentity {
  return { chain: wholeIdentityOf(image).chain.map((link) => ({ ...link, standalone: true })) };
}

/** The identity of an image whose backing image is not opened by itself: a session takes announced images only. */
export function wholeIdentityOf(image: InspectedImage): ImageIdentity {
  return { chain: chainOf(image).map(linkOf) };
}

/** The files of an image in the order of its identity, for who opens them. */
export function expectedFilesOf(image: InspectedImage): ExpectedFile[] {
  return expectedFiles(wholeIdentityOf(image));
}

function linkOf(image: InspectedImage): Link {
  const { format, file, extentFiles } = image;
  return { format, parts: [file, ...extentFiles], ...(hasVolatileContent(image) && { volatile: true }) };
}
