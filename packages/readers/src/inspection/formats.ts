import type { FormatInspector } from './format-inspector.js';
import { qcow2 } from './formats/qcow2.js';

/** Every format that is recognised by its header; all else is raw. */
export const FORMATS: readonly FormatInspector[] = [qcow2];
