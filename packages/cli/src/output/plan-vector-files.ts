import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemPath, VECTOR_EXTENSION } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { PARQUET_EXTENSION } from './vectors-parquet.js';

/** The files for the hash vectors of a run. */
export interface VectorFilePlan {
  /** The Parquet file for the hash vectors of all images. If set, `files` is empty. */
  readonly combined?: string;
  /** The file for the hash vector of each image, by the image's path. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether the directory of the files must be created if it is missing. */
  readonly makesDirectory: boolean;
}

/**
 * Plans the files of the hash vectors: one Parquet file for all images if `output` ends in `.parquet`, else one file
 * for each. If `output` is a directory or ends with a slash, it is the directory of the files, and each file is named
 * after its image, with `.arrow`. A directory that is missing is created later, if `output` ends with a slash. Any
 * other `output` is the file of a single image. Without `output`, the files are written to the working directory.
 *
 * @throws `usage` if two images would share a file, if there are several images and `output` is neither a directory nor
 *   ends in `.parquet`, or if `output` is the file of a single image and does not end in `.arrow`.
 */
export async function planVectorFiles(images: readonly string[], output: string | undefined): Promise<VectorFilePlan> {
  if (output === undefined) {
    return { files: filesIn('', images), makesDirectory: false };
  }
  if (output.toLowerCase().endsWith(PARQUET_EXTENSION)) {
    return { files: new Map(), combined: output, makesDirectory: false };
  }
  const makesDirectory = output.endsWith('/');
  const existing = await stat(systemPath(output)).catch(() => undefined);
  if (makesDirectory || existing?.isDirectory()) {
    return { files: filesIn(output, images), makesDirectory };
  }
  const [only, second] = images;
  const isSingle = only !== undefined && second === undefined;
  // The extension is required, so that a mistyped command does not overwrite a disk image.
  if (isSingle && output.endsWith(VECTOR_EXTENSION)) {
    return { files: new Map([[only, output]]), makesDirectory };
  }
  const expected = isSingle
    ? `expected a name that ends in ${VECTOR_EXTENSION} or ${PARQUET_EXTENSION}, or a directory`
    : `expected a directory or a name that ends in ${PARQUET_EXTENSION} for ${images.length} images`;
  const remedy =
    existing === undefined
      ? `write ${output}/ to create ${isSingle ? 'one' : 'a directory'}`
      : `found an existing file; write -o ${isSingle ? `${output}${VECTOR_EXTENSION}` : 'DIR/ to create a directory'}`;
  throw new VirtSimilarityError('usage', `--output ${output}: ${expected}; ${remedy}`);
}

function filesIn(directory: string, images: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const image of images) {
    const name = basename(image, VECTOR_EXTENSION) + VECTOR_EXTENSION;
    const other = owners.get(name);
    if (other !== undefined) {
      throw new VirtSimilarityError(
        'usage',
        `${other} and ${image} would both be written to ${join(directory, name)}; hash them one at a time with -o FILE`,
      );
    }
    owners.set(name, image);
    files.set(image, join(directory, name));
  }
  return files;
}
