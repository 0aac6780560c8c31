import { type FileStamp, fileKeyOf, type HashVector } from '@virt-similarity/core';
import { attributedBytes, type FreedBytes, freedBytes, type SpaceOfFiles, spaceOfFiles } from './shared-space.js';
import type { StoredFile } from './stored-ranges.js';

/** An image that was hashed. */
export interface StoredImage {
  readonly path: string;
  /** The path with symbolic links resolved. */
  readonly realPath: string;
  readonly vector: HashVector;
  /** The files of the image itself, and then those of its backing files. */
  readonly files: readonly FileStamp[];
  /** The number of files that belong to the image itself. */
  readonly own: number;
  /** Whether it is known what all of its files occupy. */
  readonly isKnown: boolean;
}

/** The space of an image. Sizes are in bytes. */
export interface ImageSpace {
  readonly path: string;
  /** The size of the disk. */
  readonly virtualSize: number;
  /** The size of its non-zero blocks. */
  readonly data: number;
  /** What its own files occupy; absent, like the following, if its files are unknown. */
  readonly stored?: number;
  /** What deleting its own files frees. */
  readonly reclaimable?: FreedBytes;
  /** Its part of the space of all files, including backing files: space of several images is divided equally. */
  readonly attributed?: number;
  /** The named images of which it is a backing file. */
  readonly neededBy: readonly string[];
}

/** The space of images on disk: what they occupy, share and need. */
export class SpaceOfImages {
  readonly #images: readonly StoredImage[];
  readonly #files: readonly StoredFile[];
  /** The index of each file whose storage is known, by its key. */
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #parts: readonly SpaceOfFiles[];
  readonly #attributed: readonly number[];
  /** By file: the images that it belongs to itself, not as a backing file. */
  readonly #owners: readonly number[][];

  constructor(images: readonly StoredImage[], stored: ReadonlyMap<string, StoredFile>) {
    this.#images = images;
    this.#files = [...stored.values()];
    this.#numbers = new Map([...stored.keys()].map((key, index) => [key, index]));
    this.#parts = spaceOfFiles(this.#files);
    const users = this.#files.map(() => new Set<number>());
    this.#owners = this.#files.map(() => []);
    for (const [image, { files, own }] of images.entries()) {
      for (const number of new Set(this.#numbersOf(files.slice(0, own)))) {
        this.#owners[number]!.push(image);
      }
      for (const number of this.#numbersOf(files)) {
        users[number]!.add(image);
      }
    }
    this.#attributed = attributedBytes(this.#parts, images.length, (file) => [...users[file]!]);
  }

  /** The bytes of all files whose storage is known, each range once. */
  get stored(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Returns the space of the image with this index. */
  of(index: number): ImageSpace {
    const { path, vector, files, own, isKnown } = this.#images[index]!;
    const numbers = this.#numbersOf(files.slice(0, own));
    const occupied = this.#parts.filter((part) => part.files.some((file) => numbers.includes(file)));
    return {
      path,
      virtualSize: vector.virtualSize,
      data: Math.min(vector.virtualSize, vector.dataBlocks * vector.blockSize),
      ...(isKnown && {
        stored: occupied.reduce((sum, { bytes }) => sum + bytes, 0),
        reclaimable: this.freedBy(new Set([index])),
        attributed: this.#attributed[index]!,
      }),
      neededBy: this.dependantsOf(index).map((other) => this.#images[other]!.path),
    };
  }

  /** Returns the bytes that deleting the own files of some images frees; a file is freed with its last name. */
  freedBy(images: ReadonlySet<number>): FreedBytes {
    const own = [...images].flatMap((image) => {
      const { files, own: count } = this.#images[image]!;
      return this.#numbersOf(files.slice(0, count));
    });
    return freedBytes(this.#parts, new Set(own.filter((file) => this.#isFreed(file, images))));
  }

  /**
   * Returns the images that have an own file of this image as a backing file.
   *
   * @param deleted with these images deleted, so without them, and without images whose backing file keeps another name
   */
  dependantsOf(index: number, deleted?: ReadonlySet<number>): number[] {
    const { files, own } = this.#images[index]!;
    const keys = new Set(files.slice(0, own).map(fileKeyOf));
    return this.#images.flatMap((image, other) => {
      const backing = image.files.slice(image.own).find((file) => keys.has(fileKeyOf(file)));
      if (other === index || backing === undefined) {
        return [];
      }
      const number = this.#numbers.get(fileKeyOf(backing));
      const isKept = deleted !== undefined && number !== undefined && !this.#isFreed(number, deleted);
      return deleted?.has(other) || isKept ? [] : [other];
    });
  }

  /** Returns whether every name of a file belongs to images that are deleted. */
  #isFreed(file: number, deleted: ReadonlySet<number>): boolean {
    const owners = this.#owners[file]!;
    const names = new Set(owners.map((image) => this.#images[image]!.realPath));
    return owners.length > 0 && owners.every((image) => deleted.has(image)) && names.size >= this.#files[file]!.names;
  }

  #numbersOf(files: readonly FileStamp[]): number[] {
    return files.flatMap((file) => this.#numbers.get(fileKeyOf(file)) ?? []);
  }
}
