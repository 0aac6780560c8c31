import { dirname } from 'node:path';
import type { Analyzer, DiskImage } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { type FileUse, fileUsesIn } from './file-users.js';
import type { PlacedContent } from './plan-paths.js';
import type { PlanState } from './plan-state.js';

/** Opens the disks of a plan's files, with their backing files. */
export class PlanDisks {
  readonly #state: PlanState;
  readonly #analyzer: Analyzer;
  readonly #signal: AbortSignal;

  constructor(state: PlanState, analyzer: Analyzer, signal: AbortSignal) {
    this.#state = state;
    this.#analyzer = analyzer;
    this.#signal = signal;
  }

  /** Opens an image that no overlay has replaced. For errors, see `open`. */
  openImage(index: number): Promise<DiskImage> {
    return this.open({ path: this.#state.paths.image(index), format: this.#state.image(index).chain[0]!.format });
  }

  /**
   * Opens the disk in a file, with its backing files. The caller closes it.
   *
   * @throws `in-use` if another program has the file open for writing, `refused` if the disk can only be read from
   *   beginning to end, and the errors of opening.
   */
  async open({ path, format }: PlacedContent): Promise<DiskImage> {
    const files = this.#state.plan.images.flatMap(({ chain }) => chain.flatMap((element) => element.files));
    const options = { allowBacking: [...new Set(files.map((file) => dirname(file.path)))], signal: this.#signal };
    const image = await this.#analyzer.open({ path, format, noFollow: true }, options).catch((thrown: unknown) => {
      if (thrown instanceof VirtSimilarityError && thrown.code === 'in-use') {
        const problem = `${path} is open for writing by another program; shut down the machine that uses it`;
        throw new VirtSimilarityError('in-use', problem, { image: path, cause: thrown });
      }
      throw thrown;
    });
    if (!('extents' in image)) {
      await image.close();
      throw new VirtSimilarityError('refused', `cannot change ${path}: it can only be read from beginning to end`);
    }
    return image;
  }

  /** Returns which files the images in some directories refer to; see `fileUsesIn`. */
  usesIn(directories: Iterable<string>): Promise<FileUse[]> {
    return fileUsesIn(directories, this.#analyzer, this.#signal);
  }

  /**
   * Requires that no other program has a file open for writing.
   *
   * @throws as `open`.
   */
  async requireUnused(content: PlacedContent): Promise<void> {
    await (await this.open(content)).close();
  }
}
