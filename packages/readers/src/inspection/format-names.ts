import { COMPRESSIONS } from './formats/compressions.js';
import { IMAGE_FORMATS } from './formats.js';
import { SPLIT } from './split-disk.js';

/** The disk-image formats that qemu reads and that a user can state. */
export const FORMAT_NAMES: readonly string[] = ['raw', ...IMAGE_FORMATS.map(({ format }) => format)];

/** The forms in which a raw disk can be stored. */
export const RAW_FORMAT_NAMES: readonly string[] = ['raw', SPLIT, ...COMPRESSIONS];
