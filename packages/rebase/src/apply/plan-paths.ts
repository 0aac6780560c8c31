import { dirname, join } from 'node:path';
import { nameOfNewBase } from '../plan-table.js';
import { type PlanFile, type PlanFileReference, topFile } from './plan-file.js';

/** The path of a file that contains an image or a new base, and the format of the file. */
export interface PlacedContent {
  readonly path: string;
  readonly format: string;
}

/**
 * The paths of the images of a plan, and of the files that applying the plan creates in the directories of the images.
 */
export class PlanPaths {
  readonly #plan: PlanFile;
  readonly #directoryOfNewBase: readonly string[];

  constructor(plan: PlanFile) {
    this.#plan = plan;
    this.#directoryOfNewBase = plan.newBases.map((_, index) => directoryOfNewBase(plan, index));
  }

  /** Returns the path of the image itself. */
  image(index: number): string {
    return topFile(this.#plan.images[index]!).path;
  }

  /** Returns the path at which the overlay that replaces the image is written. */
  overlay(index: number): string {
    return `${this.image(index)}.${this.#plan.id}.new`;
  }

  /** Returns the path at which the image is kept after an overlay with its content has replaced it. */
  original(index: number): string {
    return `${this.image(index)}.${this.#plan.id}.original`;
  }

  /** Returns the path at which the content of an image that becomes a base is kept. */
  base(index: number): string {
    return `${this.image(index)}.${this.#plan.id}.base`;
  }

  /** Returns the path of the temporary link to an image, which a rollback renames to the image's own path. */
  restored(index: number): string {
    return `${this.image(index)}.${this.#plan.id}.restored`;
  }

  /** Returns the path of a hard link that shows that this plan uses a base of another plan. */
  mark(base: string): string {
    return `${base}.${this.#plan.id}.used`;
  }

  newBase(index: number): string {
    return join(this.#directoryOfNewBase[index]!, `${nameOfNewBase(index)}.${this.#plan.id}.qcow2`);
  }

  /** Returns whether other images become overlays on an image, so that its machine needs an empty overlay. */
  becomesBase(index: number): boolean {
    return this.#plan.images[index]!.emptyOverlayBytes > 0;
  }

  /** Returns the file that the overlays on an image or new base name as their backing file. */
  content(reference: NonNullable<PlanFileReference>): PlacedContent {
    if ('newBase' in reference) {
      return { path: this.newBase(reference.newBase), format: 'qcow2' };
    }
    const { isWritten, chain } = this.#plan.images[reference.image]!;
    const path = this.becomesBase(reference.image) ? this.base(reference.image) : this.image(reference.image);
    return { path, format: isWritten ? 'qcow2' : chain[0]!.format };
  }
}

/**
 * Returns the directory of the first image that uses a new base, directly or indirectly. If no image uses it, returns
 * that of the plan's first image.
 */
function directoryOfNewBase({ images, newBases }: PlanFile, index: number): string {
  const isOn = (base: PlanFileReference): boolean => {
    for (
      let next = base;
      next !== null;
      next = 'image' in next ? images[next.image]!.base : newBases[next.newBase]!.base
    ) {
      if ('newBase' in next && next.newBase === index) {
        return true;
      }
    }
    return false;
  };
  const first = images.find(({ base }) => isOn(base)) ?? images[0]!;
  return dirname(topFile(first).path);
}
