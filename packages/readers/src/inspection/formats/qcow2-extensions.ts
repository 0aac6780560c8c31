import type { FileBytes } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { headerText } from './header-fields.js';

const EXTENSION_END = 0;
const EXTENSION_BACKING_FORMAT = 0xe2792aca;
const EXTENSION_EXTERNAL_DATA = 0x44415441;

/** What of the fixed header tells where extensions stand. */
export interface ExtensionBounds {
  readonly headerBytes: number;
  readonly clusterBytes: number;
  readonly backingOffset: bigint;
}

/** What the extensions of a qcow2 header say, as far as it matters here. */
export interface Qcow2Extensions {
  readonly externalData: boolean;
  readonly backingFormat: string | undefined;
}

/** Reads the extensions behind a fixed header. Throws `HeaderError` where they are damaged. */
export async function readExtensions(bytes: FileBytes, fixed: ExtensionBounds): Promise<Qcow2Extensions> {
  const area = await bytes.read(fixed.headerBytes, Math.max(0, extensionsEnd(fixed) - fixed.headerBytes));
  let externalData = false;
  let backingFormat: string | undefined;
  for (let position = 0; position + 8 <= area.length; ) {
    const type = area.readUInt32BE(position);
    const length = area.readUInt32BE(position + 4);
    const data = area.subarray(position + 8, position + 8 + length);
    if (type === EXTENSION_END) {
      break;
    }
    if (data.length < length) {
      throw corrupt('a header extension reaches past the header');
    }
    if (type === EXTENSION_EXTERNAL_DATA) {
      externalData = true;
    } else if (type === EXTENSION_BACKING_FORMAT) {
      backingFormat = headerText(data, 'backing format');
    }
    position += 8 + Math.ceil(length / 8) * 8;
  }
  return { externalData, backingFormat };
}

/** Extensions stand between the fixed header and the backing file's name, within the first cluster. */
function extensionsEnd(fixed: ExtensionBounds): number {
  const { backingOffset, clusterBytes } = fixed;
  return backingOffset === 0n || backingOffset > BigInt(clusterBytes) ? clusterBytes : Number(backingOffset);
}
