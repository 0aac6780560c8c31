import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  type AtomicFileOptions,
  fileKeyOf,
  fileNumberOf,
  makeDirectories,
  OpenDirectory,
  type ProgressEvent,
  ProtectedFiles,
  partsOf,
  requireReplaceable,
  shellOperand,
  systemPath,
} from '@virt-similarity/core';
import { systemReasonOf, VirtSimilarityError } from '@virt-similarity/core/errors';

type MissingDirectories = 'make' | 'refuse';

/** The files that a command is going to write: their directories, open until they are written, and what they must not replace. */
export interface OutputFiles {
  /**
   * Takes each progress event: the files that an image consists of are protected from then on.
   *
   * @throws `refused` where one of them is an output.
   */
  observe(event: ProgressEvent): void;
  /** Whether the files of every image are known, as far as they ever will be. */
  knowsAllImages(): boolean;
  /** How an output is written with `writeFileAtomically`. */
  optionsFor(path: string): Pick<AtomicFileOptions, 'directory' | 'protect'>;
  close(): void;
}

/**
 * Opens the directories of output files, before any work. Checks that the files can be written there: each once, and over
 * nothing but regular files, and over no image. The same is checked again just before each is written.
 *
 * @param options.missingDirectories what is done where an output's directory does not exist; `refuse` by default
 * @throws `usage` or `refused`
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
  /** By the paths as they were given. */
  readonly #directories = new Map<string, OpenDirectory>();
  /** The outputs by directory and name, so that one file under two paths is found. */
  readonly #places = new Set<string>();
  /** Files that exist at the outputs' paths. */
  readonly #existing = new ProtectedFiles();
  readonly #images = new ProtectedFiles();
  readonly #unknown: Set<string>;

  constructor(imagePaths: readonly string[]) {
    this.#unknown = new Set(imagePaths);
  }

  async protectNamed(imagePaths: readonly string[]): Promise<void> {
    for (const path of imagePaths) {
      const stats = await stat(systemPath(path), { bigint: true }).catch(() => undefined);
      if (stats !== undefined) {
        this.#images.add({ ...fileNumberOf(stats), path });
      }
    }
  }

  async open(path: string, missingDirectories: MissingDirectories): Promise<void> {
    const directory = await this.#directoryOf(path, missingDirectories);
    const place = `${fileKeyOf(fileNumberOf(directory.stats))}/${basename(path)}`;
    if (this.#places.has(place)) {
      throw new VirtSimilarityError('usage', `${path} would be written twice; give each output a name of its own`);
    }
    this.#places.add(place);
    const existing = await requireReplaceable(directory, basename(path), {
      path,
      protect: this.#images,
    });
    if (existing !== undefined) {
      this.#existing.add({ ...fileNumberOf(existing), path });
    }
  }

  observe(event: ProgressEvent): void {
    if (event.kind === 'image-failed') {
      this.#unknown.delete(event.path);
    } else if (event.kind === 'image-identified') {
      this.#unknown.delete(event.path);
      for (const file of event.files) {
        this.#images.add(file);
        const output = this.#existing.pathOf(file);
        if (output !== undefined) {
          throw new VirtSimilarityError(
            'refused',
            `${output} would overwrite ${file.path}, a file of the image ${event.path}; choose another name`,
          );
        }
      }
    } else if (event.kind === 'image-finished') {
      // It may have been replaced by another file between its identification and its reading.
      const { identity, storage } = event.vector;
      const isVectorFile = storage?.kind === 'file' && storage.path === event.path;
      for (const file of isVectorFile || identity === undefined ? [] : partsOf(identity)) {
        this.#images.add(file);
      }
    }
  }

  knowsAllImages(): boolean {
    return this.#unknown.size === 0;
  }

  optionsFor(path: string): Pick<AtomicFileOptions, 'directory' | 'protect'> {
    const directory = this.#directories.get(dirname(path));
    if (directory === undefined) {
      throw new Error(`${path} is not one of the outputs that were opened`);
    }
    return { directory, protect: this.#images };
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
    const making = missingDirectories === 'make';
    try {
      const directory = await (making ? makeDirectories(parent) : OpenDirectory.open(parent));
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

/** Why an output's directory cannot be had, and the remedy. */
function problemOf(error: unknown, directory: string, missingDirectories: MissingDirectories): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' && missingDirectories === 'refuse') {
    return `there is no directory ${directory}; make it with mkdir -p ${shellOperand(directory)}`;
  }
  const action = missingDirectories === 'make' ? 'make' : 'open';
  return `cannot ${action} the directory ${directory}: ${systemReasonOf(error)}; choose another`;
}
