import type { FileStamp } from '@virt-similarity/core';
import { changed, isPlanned, isSameFile, isWrittenFile, LastChanges, PlanDirectories } from './file-state.js';
import type { Journal } from './journal.js';
import { type PlanFile, type PlanFileImage, type PlanFileReference, topFile } from './plan-file.js';
import { PlanPaths } from './plan-paths.js';

/** A file that is a base of overlays of the plan. */
export interface PlanBase {
  readonly path: string;
  /** The index of the image whose original file this is; `undefined` for a file that the plan creates. */
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
  readonly newBases: readonly number[];
  readonly #lastChanges = new LastChanges();
  readonly #planned: readonly number[];
  readonly #givenUp: Set<number>;

  constructor(
    readonly plan: PlanFile,
    readonly journal: Journal,
  ) {
    this.paths = new PlanPaths(plan);
    this.wasBegun = journal.has('began');
    const { images, newBases } = plan;
    this.#planned = [...images.keys()]
      .filter((index) => images[index]!.isWritten || this.paths.becomesBase(index))
      .sort((a, b) => this.#depthOf(images[a]!.base) - this.#depthOf(images[b]!.base));
    const givenUp = new Set(journal.entries.flatMap((entry) => (entry.event === 'gave-up' ? [entry.path] : [])));
    this.#givenUp = new Set(this.#planned.filter((index) => givenUp.has(this.paths.image(index))));
    this.newBases = [...newBases.keys()].sort(
      (a, b) => this.#depthOf(newBases[a]!.base) - this.#depthOf(newBases[b]!.base),
    );
  }

  /** The indices of the images that the plan changes; every base comes before its overlays. */
  get changedImages(): readonly number[] {
    return this.#planned.filter((index) => !this.#givenUp.has(index));
  }

  /** The paths of the images that changed before they were replaced, and which therefore stay as they are. */
  get givenUp(): string[] {
    return [...this.#givenUp].map((index) => this.paths.image(index));
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

  /**
   * Returns the paths at which the plan writes overlays and bases, or links bases; every overlay comes before its
   * bases.
   */
  newFiles(): string[] {
    const images = this.changedImages.flatMap((index) => [
      ...(this.paths.becomesBase(index) ? [this.paths.base(index)] : []),
      this.paths.overlay(index),
    ]);
    return [...this.newBases.map((index) => this.paths.newBase(index)), ...images].toReversed();
  }

  /** Returns the paths of the hard links that images can get while the plan is applied or rolled back. */
  secondNames(): string[] {
    return this.changedImages.flatMap((index) => [this.paths.original(index), this.paths.restored(index)]);
  }

  /** Returns the path at which the image itself is kept once an overlay has replaced it. */
  keptPath(index: number): string {
    return this.image(index).isWritten ? this.paths.original(index) : this.paths.base(index);
  }

  /** Returns the bases of all overlays of the plan, direct and indirect. */
  bases(): PlanBase[] {
    const found = this.changedImages.flatMap((index) => this.basesOf(index));
    return [...new Map(found.map((base) => [base.path, base])).values()];
  }

  /** Returns the direct and indirect bases of the overlay of an image; the direct base comes first. */
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

  /** Returns whether the overlay of an image is at the path of the image, even if it was written to since. */
  async isExchanged(index: number): Promise<boolean> {
    const status = await this.directories.statusOf(this.paths.image(index));
    const written = this.journal.written(this.paths.overlay(index));
    return written !== undefined && isSameFile(status, BigInt(written.inode));
  }

  /** Returns whether a new file is complete, at its own path or, for an overlay, at the path of its image. */
  async isWritten(path: string): Promise<boolean> {
    if (isWrittenFile(await this.directories.statusOf(path), this.journal.written(path))) {
      return true;
    }
    const image = this.changedImages.find((index) => this.paths.overlay(index) === path);
    return image !== undefined && (await this.isExchanged(image));
  }

  /** Records in the journal that an image stays as it is, and leaves it out of `changedImages` from now on. */
  async giveUp(index: number): Promise<void> {
    await this.journal.append({ event: 'gave-up', path: this.paths.image(index) });
    this.#givenUp.add(index);
  }

  isGivenUp(index: number): boolean {
    return this.#givenUp.has(index);
  }

  /**
   * Requires that each image of the plan is as planned, with its backing files, or was replaced by this plan or given
   * up.
   *
   * @throws `changed` otherwise.
   */
  async requirePlanned(): Promise<void> {
    for (const [index, { chain }] of this.plan.images.entries()) {
      if (this.#givenUp.has(index) || (await this.isExchanged(index))) {
        continue;
      }
      for (const file of chain.flatMap(({ files }) => files)) {
        await this.requireUnchanged(file.path, file);
      }
    }
  }

  /**
   * Requires that a file is as planned and was not changed since this process first examined it. The ctime reveals a
   * write even if the mtime was reset afterwards.
   *
   * @throws `changed` otherwise.
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

  /** Records in the journal that a new file is complete. */
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
   * Creates a hard link to an unchanged image at the path `second`, unless that path already leads to the image.
   *
   * @throws `changed` if the image is not as planned.
   */
  async link(index: number, second: string): Promise<void> {
    const planned = this.planned(index);
    if (isSameFile(await this.directories.statusOf(second), planned.inode)) {
      return;
    }
    const path = this.paths.image(index);
    await this.requireUnchanged(path, planned);
    await this.linkFile(path, second);
  }

  /** Creates a hard link to a file at the path `second`, which must be free. */
  async linkFile(path: string, second: string): Promise<void> {
    await this.directories.link(path, second);
    // The new name changed the ctime.
    this.#lastChanges.see((await this.directories.statusOf(second))!);
  }

  /**
   * Renames the overlay of an image to the image's path. The image must already have its hard link at `keptPath`.
   *
   * @throws `changed` if the overlay is not the file that was written, or if the image was written to at the last
   *   moment; the image is then at its path.
   */
  async exchange(index: number): Promise<void> {
    const { paths, directories } = this;
    const path = paths.image(index);
    if (!isWrittenFile(await directories.statusOf(paths.overlay(index)), this.journal.written(paths.overlay(index)))) {
      throw changed(paths.overlay(index), 'is not the file that was written; roll back and plan again');
    }
    await directories.rename(paths.overlay(index), path);
    // Both ctimes changed: the image lost a name, and the overlay was renamed.
    for (const each of [this.keptPath(index), path]) {
      this.#lastChanges.see((await directories.statusOf(each))!);
    }
    if (!isPlanned(await directories.statusOf(this.keptPath(index)), this.planned(index))) {
      await this.restore(index);
      throw changed(path, 'was written to while it was replaced, and is in its place again; plan again');
    }
  }

  /** Restores an image through a new hard link. Its kept path remains, because overlays may use it as their base. */
  async restore(index: number): Promise<void> {
    const restored = this.paths.restored(index);
    await this.directories.removeIfPresent(restored);
    await this.directories.link(this.keptPath(index), restored);
    await this.directories.rename(restored, this.paths.image(index));
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
