import type { FileStamp } from '@virt-similarity/core';
import { changed, isPlanned, isSameFile, isWrittenFile, LastChanges, PlanDirectories } from './file-state.js';
import type { Journal } from './journal.js';
import { type PlanFile, type PlanFileImage, type PlanFileReference, topFile } from './plan-file.js';
import { PlanPaths } from './plan-paths.js';

/** A file that is a base of overlays of the plan. */
export interface PlanBase {
  readonly path: string;
  /** The index of the image whose original file it is; `undefined` for a file that the plan makes. */
  readonly image: number | undefined;
}

/** A plan, and where each of its files is now. */
export class PlanState {
  readonly paths: PlanPaths;
  readonly directories = new PlanDirectories();
  /**
   * Whether an earlier process began to apply the plan, so that an image may have changed since its overlay was
   * written.
   */
  readonly wasBegun: boolean;
  /** The images that the plan changes, each after the image that it is based on. */
  readonly changedImages: readonly number[];
  readonly newBases: readonly number[];
  readonly #lastChanges = new LastChanges();

  constructor(
    readonly plan: PlanFile,
    readonly journal: Journal,
  ) {
    this.paths = new PlanPaths(plan);
    this.wasBegun = journal.has('began');
    const { images, newBases } = plan;
    this.changedImages = [...images.keys()]
      .filter((index) => images[index]!.isWritten || this.paths.becomesBase(index))
      .sort((a, b) => this.#depthOf(images[a]!.base) - this.#depthOf(images[b]!.base));
    this.newBases = [...newBases.keys()].sort(
      (a, b) => this.#depthOf(newBases[a]!.base) - this.#depthOf(newBases[b]!.base),
    );
  }

  close(): Promise<void> {
    return this.directories.close();
  }

  image(index: number): PlanFileImage {
    return this.plan.images[index]!;
  }

  /** Returns the file of an image as it was when the plan was made. */
  planned(index: number): FileStamp {
    return topFile(this.image(index));
  }

  /** The files that this plan makes and keeps, an overlay before its base. */
  newFiles(): string[] {
    const images = this.changedImages.flatMap((index) => [
      ...(this.paths.becomesBase(index) ? [this.paths.base(index)] : []),
      this.paths.overlay(index),
    ]);
    return [...this.newBases.map((index) => this.paths.newBase(index)), ...images].toReversed();
  }

  /** The second names that images get while the plan is applied or rolled back. */
  secondNames(): string[] {
    return this.changedImages.flatMap((index) => [this.paths.original(index), this.paths.restored(index)]);
  }

  /** Returns the name under which the image itself is kept once an overlay has replaced it. */
  keptPath(index: number): string {
    return this.image(index).isWritten ? this.paths.original(index) : this.paths.base(index);
  }

  /** Returns the bases of all overlays of the plan, direct and indirect. */
  bases(): PlanBase[] {
    const found = this.changedImages.flatMap((index) => this.basesOf(index));
    return [...new Map(found.map((base) => [base.path, base])).values()];
  }

  /** Returns the bases of the overlay of an image, direct and indirect. */
  basesOf(index: number): PlanBase[] {
    const found: PlanBase[] = [];
    for (let next = this.paths.becomesBase(index) ? { image: index } : this.image(index).base; next !== null; ) {
      const { path } = this.paths.content(next);
      const isMade = 'newBase' in next || this.image(next.image).isWritten;
      found.push({ path, image: isMade || 'newBase' in next ? undefined : next.image });
      next = this.#below(next);
    }
    return found;
  }

  /** Returns whether the overlay of an image is in the image's place. A machine may have written to the overlay. */
  async isExchanged(index: number): Promise<boolean> {
    const status = await this.directories.statusOf(this.paths.image(index));
    const written = this.journal.written(this.paths.overlay(index));
    return (
      written !== undefined && isSameFile(status, { device: BigInt(written.device), inode: BigInt(written.inode) })
    );
  }

  /** Returns whether a new file is complete, under its own name or in its place. */
  async isWritten(path: string): Promise<boolean> {
    if (isWrittenFile(await this.directories.statusOf(path), this.journal.written(path))) {
      return true;
    }
    const image = this.changedImages.find((index) => this.paths.overlay(index) === path);
    return image !== undefined && (await this.isExchanged(image));
  }

  /**
   * Requires that each image of the plan, with its backing files, is as it was planned, or was replaced by this plan.
   *
   * @throws `changed`
   */
  async requirePlanned(): Promise<void> {
    for (const [index, { chain }] of this.plan.images.entries()) {
      if (await this.isExchanged(index)) {
        continue;
      }
      for (const file of chain.flatMap(({ files }) => files)) {
        await this.requireUnchanged(file.path, file);
      }
    }
  }

  /**
   * Requires that a file is as it was planned, and was not changed since this process first examined it. The ctime
   * reveals a write even if the mtime was reset afterwards.
   *
   * @throws `changed`
   */
  async requireUnchanged(path: string, planned: FileStamp): Promise<void> {
    const status = await this.directories.statusOf(path);
    if (!isPlanned(status, planned) || !this.#lastChanges.isAsSeen(status!)) {
      throw changed(path, 'has changed since the plan was made; plan again');
    }
  }

  /**
   * Returns whether a base has the size and mtime with which it was planned or written, and was not changed since this
   * process first examined it.
   */
  async isBaseUnchanged({ path, image }: PlanBase): Promise<boolean> {
    const status = await this.directories.statusOf(path);
    const isAsBefore =
      image === undefined ? isWrittenFile(status, this.journal.written(path)) : isPlanned(status, this.planned(image));
    return isAsBefore && this.#lastChanges.isAsSeen(status!);
  }

  /** Records that a new file is complete. */
  async record(path: string): Promise<void> {
    const status = (await this.directories.statusOf(path))!;
    this.#lastChanges.see(status);
    await this.journal.append({
      event: 'written',
      path,
      device: String(status.dev),
      inode: String(status.ino),
      size: String(status.size),
      mtimeNs: String(status.mtimeNs),
    });
  }

  /**
   * Gives an unchanged image a second name, unless it already has that name.
   *
   * @throws `changed`
   */
  async link(index: number, second: string): Promise<void> {
    const planned = this.planned(index);
    if (isSameFile(await this.directories.statusOf(second), planned)) {
      return;
    }
    const path = this.paths.image(index);
    await this.requireUnchanged(path, planned);
    await this.directories.link(path, second);
    // The new name changed the ctime.
    this.#lastChanges.see((await this.directories.statusOf(second))!);
  }

  /** Renames the overlay of an image to the image's path. The image must have its second name already. */
  async exchange(index: number): Promise<void> {
    await this.directories.rename(this.paths.overlay(index), this.paths.image(index));
    // Both ctimes changed: the image lost a name, and the overlay was renamed.
    for (const path of [this.keptPath(index), this.paths.image(index)]) {
      this.#lastChanges.see((await this.directories.statusOf(path))!);
    }
  }

  #below(reference: NonNullable<PlanFileReference>): PlanFileReference {
    return 'image' in reference ? this.image(reference.image).base : this.plan.newBases[reference.newBase]!.base;
  }

  #depthOf(base: PlanFileReference): number {
    let depth = 0;
    for (let next = base; next !== null; depth++) {
      next = this.#below(next);
    }
    return depth;
  }
}
