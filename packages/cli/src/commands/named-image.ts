import type { DiskSource } from '@virt-similarity/core';

/** A list of images. */
export interface ImageList {
  /** The path of the file with the list, or {@link STANDARD_INPUT}. */
  readonly list: string;
  /** The format of the images; detected for each when absent. */
  readonly format?: string | undefined;
}

/** An image or a list of images, as named on the command line. */
export type NamedImage = DiskSource | ImageList;

/** The name of standard input, as an operand and as the file of a list. A file of that name is written `./-`. */
export const STANDARD_INPUT = '-';
