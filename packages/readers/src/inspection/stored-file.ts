import { basename } from 'node:path';
import { wording } from '@virt-similarity/core';
import {
  type ErrorContext,
  type InspectedImage,
  rangeOf,
  readError,
  type StoredBytes,
} from '@virt-similarity/image-tools';
import type { FileBytes } from './format-inspector.js';
import { HeaderError } from './header-error.js';

/**
 * Runs an operation that reads an image's file after the file has passed inspection. A read past the end of the file
 * throws `changed` instead of returning fewer bytes.
 *
 * @param index index of the image's file in `stored`
 * @throws an error with the code of the operation's `HeaderError`, and as `StoredBytes.read`.
 */
export async function withStoredFile<T>(
  image: Pick<InspectedImage, 'file' | 'range'>,
  {
    stored,
    index,
    errorContext,
  }: { readonly stored: StoredBytes; readonly index: number; readonly errorContext: ErrorContext },
  operation: (bytes: FileBytes) => Promise<T>,
): Promise<T> {
  const { file } = image;
  const { offset, length: size } = rangeOf(image);
  const read = async (position: number, length: number) => {
    const bytes = Buffer.allocUnsafeSlow(length);
    await stored.read(index, bytes, offset + position);
    return bytes;
  };
  try {
    return await operation({ name: basename(file.path), size, read });
  } catch (error) {
    if (!(error instanceof HeaderError)) {
      throw error;
    }
    // The error already names the image, and the file with index 0 is the image's own file.
    const subject = index === 0 ? '' : `${file.path}: `;
    throw readError(errorContext, error.code, wording`${subject}${error.wording}`);
  }
}
