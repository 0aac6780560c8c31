import type { FormatInspector } from './format-inspector.js';
import { COMPRESSED_FORMATS } from './formats/compressions.js';
import { dmg } from './formats/dmg.js';
import { luks } from './formats/luks.js';
import { parallels } from './formats/parallels.js';
import { qcow } from './formats/qcow.js';
import { qcow2 } from './formats/qcow2.js';
import { qed } from './formats/qed.js';
import { vdi } from './formats/vdi.js';
import { vhdx } from './formats/vhdx.js';
import { vmdk } from './formats/vmdk.js';
import { vpc } from './formats/vpc.js';

/** The disk-image formats that are recognized by the beginning or the end of a file. */
export const IMAGE_FORMATS: readonly FormatInspector[] = [
  ...[qcow2, qcow, vmdk, vdi, vhdx, vpc, qed, parallels, dmg, luks],
];

/** Every format that is recognized by the beginning or the end of a file and can be read. */
export const FORMATS: readonly FormatInspector[] = [...IMAGE_FORMATS, ...COMPRESSED_FORMATS];
