import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  type AtomicFileOptions,
  fileKeyOf,
  fileNumberOf,
  fileStampsOf,
  makeDirectories,
  OpenDirectory,
  type ProgressEvent,
  ProtectedFiles,
  requireReplaceable,
  shellOperand,
  systemPath,
} from '@virt-similarity/core';
import { systemReasonOf, VirtSimilarityError } from '@virt-similarity/core/errors';

type MissingDirectories = 'make' | 'refuse';

/**
 * The output files of a command: their directories, open until `close`, and the image files that they must not
 * replace.
 */
export interface OutputFiles {
  /**
   * Records a progress event. Once an event lists the files of an image, these files are protected.
   *
   * @throws `refused` if an output would replace one of these files.
   */
  observe(event: ProgressEvent): void;
  /** Returns whether every image has been identified or has failed. Outputs must not be written before that. */
  knowsAllImages(): boolean;
  /** The files of images, as far as they are known. They must not be replaced. */
  readonly images: ProtectedFiles;
  /** Returns the options for writing an output with `writeFileAtomically`. */
  optionsFor(path: string): Pick<AtomicFileOptions, 'directory' | 'protect'>;
  close(): void;
}

/**
 * Opens the directories of the output files, before any work. Checks that each output is written only once and
 * replaces nothing but a regular file that is none of `imagePaths`. The other files of images are protected once events
 * list them; see {@link OutputFiles.observe}.
 *
 * @param options.missingDirectories whether missing directories are made or refused; `refuse` by default
 * @throws `usage` if an output would be written twice, or if the system does not open or make a directory, for example
 *   because it is missing; as `OpenDirectory.open` and `requireReplaceable`.
 */
export async function openOutputFiles(
  paths: readonly string[],
  imagePaths: readonly string[],
  { missingDirectories = 'refuse' }: { readonly missingDirectories?: MissingDirectories } = {},
): Promise<OutputFiles> {
  const outputs = new OpenOutputFiles(imagePaths);
  try {
    await outputs.protectNamed(imagePaths);
    for (const path of paths) {
      await outputs.open(path, missingDirectories);
    }
    return outputs;
  } catch (error) {
    outputs.close();
    throw error;
  }
}

class OpenOutputFiles implements OutputFiles {
  /** The open directories, by path as given. */
  readonly #directories = new Map<string, OpenDirectory>();
  /** The directory identity and file name of each output, to detect two paths to the same file. */
  readonly #places = new Set<string>();
  /** The existing files at the paths of outputs. */
  readonly #existing = new ProtectedFiles();
  readonly images = new ProtectedFiles();
  /** The paths of images whose files are not known yet. */
  readonly #pendingImages: Set<string>;

  constructor(imagePaths: readonly string[]) {
    this.#pendingImages = new Set(imagePaths);
  }

  async protectNamed(imagePaths: readonly string[]): Promise<void> {
    for (const path of imagePaths) {
      const stats = await stat(systemPath(path), { bigint: true }).catch(() => undefined);
      if (stats !== undefined) {
        this.images.add({ ...fileNumberOf(stats), path });
      }
    }
  }

  async open(path: string, missingDirectories: MissingDirectories): Promise<void> {
    const directory = await this.#directoryOf(path, missingDirectories);
    const place = `${fileKeyOf(fileNumberOf(directory.stats))}/${basename(path)}`;
    if (this.#places.has(place)) {
      throw new VirtSimilarityError('usage', `${path} would be written twice; give each output a different name`);
    }
    this.#places.add(place);
    const existing = await requireReplaceable(directory, basename(path), {
      path,
      protect: this.images,
    });
    if (existing !== undefined) {
      this.#existing.add({ ...fileNumberOf(existing), path });
    }
  }

  observe(event: ProgressEvent): void {
    if (event.kind === 'image-failed') {
      this.#pendingImages.delete(event.path);
    } else if (event.kind === 'image-identified') {
      this.#pendingImages.delete(event.path);
      for (const file of event.files) {
        this.images.add(file);
        const output = this.#existing.pathOf(file);
        if (output !== undefined) {
          throw new VirtSimilarityError(
            'refused',
            `${output} would overwrite ${file.path}, a file of the image ${event.path}; choose another name`,
          );
        }
      }
    } else if (event.kind === 'image-finished') {
      // The image can have been replaced by another file after it was identified and before it was read.
      const { identity, storage } = event.vector;
      const isVectorFile = storage?.kind === 'file' && storage.path === event.path;
      for (const file of isVectorFile || identity === undefined ? [] : fileStampsOf(identity)) {
        this.images.add(file);
      }
    }
  }

  knowsAllImages(): boolean {
    return this.#pendingImages.size === 0;
  }

  optionsFor(path: string): Pick<AtomicFileOptions, 'directory' | 'protect'> {
    const directory = this.#directories.get(dirname(path));
    if (directory === undefined) {
      throw new Error(`${path} is not one of the outputs that were opened`);
    }
    return { directory, protect: this.images };
  }

  close(): void {
    for (const directory of this.#directories.values()) {
      directory.close();
    }
  }

  async #directoryOf(path: string, missingDirectories: MissingDirectories): Promise<OpenDirectory> {
    const parent = dirname(path);
    const known = this.#directories.get(parent);
    if (known !== undefined) {
      return known;
    }
    try {
      const opening = missingDirectories === 'make' ? makeDirectories(parent) : OpenDirectory.open(parent);
      const directory = await opening;
      this.#directories.set(parent, directory);
      return directory;
    } catch (error) {
      if (error instanceof VirtSimilarityError) {
        throw error;
      }
      throw new VirtSimilarityError('usage', `cannot write ${path}: ${problemOf(error, parent, missingDirectories)}`, {
        cause: error,
      });
    }
  }
}

/** Returns why an output's directory cannot be opened or made, and the remedy. */
function problemOf(error: unknown, directory: string, missingDirectories: MissingDirectories): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' && missingDirectories === 'refuse') {
    return `the directory ${directory} does not exist; create it with mkdir -p ${shellOperand(directory)}`;
  }
  const action = missingDirectories === 'make' ? 'create' : 'open';
  return `cannot ${action} the directory ${directory}: ${systemReasonOf(error)}; choose another directory`;
}
