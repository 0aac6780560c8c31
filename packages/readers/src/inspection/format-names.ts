import { FORMATS } from './formats.js';

/** All formats that a user may state. */
export const FORMAT_NAMES: readonly string[] = ['raw', ...FORMATS.map(({ format }) => format)];
