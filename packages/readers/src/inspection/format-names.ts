import { FORMATS } from './formats.js';

/** Every format that a user may state. */
export const FORMAT_NAMES: readonly string[] = ['raw', ...FORMATS.map(({ format }) => format)];
