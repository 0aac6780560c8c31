import type { Layer, ReadOptions } from '@virt-similarity/core';
import { decideFormat, type FormatDecision, type FormatEvidence, remedy } from './decide-format.js';
import type { ExtentReference, FileBytes, FormatHeader } from './format-inspector.js';
import { FORMATS } from './formats.js';
import { inContext, refused } from './header-error.js';
import type { InspectedImage } from './inspected-image.js';
import { type LayerFile, openLayerFile } from './layer-file.js';
import { resolveReference } from './reference-path.js';

/** Files at most that one header may spread its data over. */
const MAX_EXTENT_FILES = 1024;
const HEAD_BYTES = 4096;
const TAIL_BYTES = 512;

/** A file that is yet to be inspected. */
export interface ImageToInspect extends Pick<FormatEvidence, 'path' | 'stated' | 'statedBy'> {
  /** A backing file's name as the header above has it; absent for the user's own file. */
  readonly reference?: string;
}

/** One image without what backs it. */
export interface InspectedFile extends Omit<InspectedImage, 'backing'> {
  readonly header: FormatHeader;
  /** What the user should know of how the file was taken. */
  readonly note: string | undefined;
}

/** Inspects one image of a chain and its extent files. Throws `HeaderError`. */
export async function inspectFile(image: ImageToInspect, options: ReadOptions): Promise<InspectedFile> {
  const file = await openLayerFile(image.path, image.statedBy === 'user' ? 'named' : 'referenced');
  try {
    const evidence = await gatherEvidence(file, image);
    const decision = decideFormat(evidence);
    const header = await readHeader(decision, file.bytes, evidence);
    return {
      format: decision.format,
      file: file.layer,
      isDevice: file.isDevice,
      // Beside the file itself, not beside a link to it: qemu, which opens them, is given the file.
      extentFiles: await inspectExtents(header.extents ?? [], file.layer.path, options),
      virtualSize: header.virtualSize,
      header,
      note: decision.mustBeSelfContained ? `taken as ${decision.format}, because its header says so` : undefined,
    };
  } finally {
    await file.close();
  }
}

async function gatherEvidence({ bytes, isDevice }: LayerFile, image: ImageToInspect): Promise<FormatEvidence> {
  const { path, stated, statedBy } = image;
  const head = await bytes.read(0, HEAD_BYTES);
  const tail = await bytes.read(Math.max(0, bytes.size - TAIL_BYTES), TAIL_BYTES);
  return { path, size: bytes.size, isDevice, ends: { head, tail }, stated, statedBy };
}

async function readHeader(
  { format, mustBeSelfContained }: FormatDecision,
  bytes: FileBytes,
  evidence: FormatEvidence,
): Promise<FormatHeader> {
  const inspector = FORMATS.find((each) => each.format === format);
  if (inspector === undefined) {
    return { virtualSize: bytes.size };
  }
  if (!mustBeSelfContained) {
    return inspector.readHeader(bytes);
  }
  const describe = (message: string) =>
    `its name does not say ${format} but its header does, and ${message}; ${remedy(evidence, format, 'raw')}`;
  return inContext(describe, async () => requireSelfContained(await inspector.readHeader(bytes)));
}

function requireSelfContained(header: FormatHeader): FormatHeader {
  const other = header.backing ?? header.extents?.[0];
  if (other !== undefined) {
    throw refused(`it points to another file, ${JSON.stringify(other.name)}`);
  }
  return header;
}

async function inspectExtents(
  extents: readonly ExtentReference[],
  headerPath: string,
  options: ReadOptions,
): Promise<Layer[]> {
  if (extents.length > MAX_EXTENT_FILES) {
    throw refused(
      `it is spread over ${extents.length} files, at most ${MAX_EXTENT_FILES} are followed; convert it with qemu-img convert`,
    );
  }
  const layers: Layer[] = [];
  for (const extent of extents) {
    const describe = (message: string) => `its extent file ${JSON.stringify(extent.name)} cannot be used: ${message}`;
    layers.push(await inContext(describe, () => inspectExtent(extent, headerPath, options)));
  }
  return layers;
}

async function inspectExtent(extent: ExtentReference, headerPath: string, options: ReadOptions): Promise<Layer> {
  const path = await resolveReference(extent.name, headerPath, options.allowedDirectories);
  const file = await openLayerFile(path, 'referenced');
  try {
    await extent.check(file.bytes);
    return file.layer;
  } finally {
    await file.close();
  }
}
