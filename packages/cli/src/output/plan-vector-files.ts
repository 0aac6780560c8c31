import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemPath, VECTOR_EXTENSION } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';

/** Where the hash vectors of a run go. */
export interface VectorFilePlan {
  /** The file for the hash vector of each image, by the image's path. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether a directory that is missing is made. */
  readonly makesDirectory: boolean;
}

/**
 * Plans the file for each image: `output` itself for one image; otherwise, in the directory `output` or the working
 * directory, the image's base name and `.arrow`. `output` is a directory where it is one already or ends with a slash,
 * which has it made.
 *
 * @throws `usage` where two images would share a file, and where several are to go to something that is no directory.
 */
export async function planVectorFiles(images: readonly string[], output: string | undefined): Promise<VectorFilePlan> {
  if (output === undefined) {
    return { files: filesIn('', images), makesDirectory: false };
  }
  const makesDirectory = output.endsWith('/');
  if (makesDirectory || (await isDirectory(output))) {
    return { files: filesIn(output, images), makesDirectory };
  }
  const [only, second] = images;
  if (only !== undefined && second === undefined) {
    return { files: new Map([[only, vectorFile(output)]]), makesDirectory };
  }
  throw new VirtSimilarityError(
    'usage',
    `--output ${output}: expected a directory for ${images.length} images; write ${output}/ to have it made`,
  );
}

/** Asks for the extension, so that no slip of the hand writes over a disk image. */
function vectorFile(path: string): string {
  if (!path.endsWith(VECTOR_EXTENSION)) {
    throw new VirtSimilarityError(
      'usage',
      `--output ${path}: expected a name that ends in ${VECTOR_EXTENSION}, or a directory; write ${path}/ to have one made`,
    );
  }
  return path;
}

async function isDirectory(path: string): Promise<boolean> {
  const status = await stat(systemPath(path)).catch(() => undefined);
  return status?.isDirectory() === true;
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
