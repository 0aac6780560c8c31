import { type DiskSource, type Extent, type ReadOptions, VirtSimilarityError } from '@virt-similarity/core';
import { runTool } from '../processes/run-tool.js';
import { QEMU_IMG } from '../processes/tool.js';
import { ToolFailure } from '../processes/tool-failure.js';

const MAP_TIMEOUT_MS = 5 * 60 * 1000;

/** The open file is the child's descriptor 3, so its name, whatever characters it has, is not told at all. */
const MAP_ARGUMENTS = [
  'map',
  '--output=json',
  '--image-opts',
  'driver=raw,read-only=on,file.driver=file,file.filename=/dev/fd/3',
];

/**
 * The extents of an open raw file with holes, as qemu-img tells them. All of its data stands where it is read from.
 *
 * @param descriptor The file, open for reading; stays open.
 * @param size Bytes of the file, above 0.
 * @throws VirtSimilarityError `in-use` where a running qemu writes to the file, `unavailable` where qemu-img fails,
 * `aborted`.
 */
export async function mapHoles(
  descriptor: number,
  size: number,
  source: DiskSource,
  { signal }: ReadOptions,
): Promise<Extent[]> {
  const image = source.path;
  try {
    const options = {
      component: 'raw',
      image,
      descriptors: [descriptor],
      timeoutMs: MAP_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    };
    return extentsOfMap(await runTool(QEMU_IMG, MAP_ARGUMENTS, options), size);
  } catch (cause) {
    if (cause instanceof VirtSimilarityError) {
      throw cause;
    }
    if (cause instanceof ToolFailure && /Failed to get .*lock/.test(cause.stderr)) {
      const message = `[raw] cannot read ${image}: a running program writes to it; stop it, or take a snapshot`;
      throw new VirtSimilarityError('in-use', message, { image, cause });
    }
    const message = `[raw] cannot read ${image}: qemu-img did not tell where its holes are; reinstall ${QEMU_IMG.package}`;
    throw new VirtSimilarityError('unavailable', message, { image, cause });
  }
}

/**
 * The extents that a raw file's map shows, runs of one kind joined. The map counts in sectors of 512 bytes and may
 * reach past the end of the file. Throws on text that is not a gapless map of the whole file.
 *
 * @param json What `qemu-img map --output=json` printed.
 * @param size Bytes of the file.
 */
export function extentsOfMap(json: string, size: number): Extent[] {
  const map: unknown = JSON.parse(json);
  if (!Array.isArray(map)) {
    throw new TypeError('expected a list of extents');
  }
  const extents: Extent[] = [];
  let position = 0;
  for (const entry of map) {
    const { start, length, zero } = requireEntry(entry);
    if (start !== position || position === size) {
      throw new TypeError(`expected an extent at byte ${position}, found one at ${start}`);
    }
    position = Math.min(start + length, size);
    append(extents, zero ? 'zero' : 'data', start, position - start);
  }
  if (position !== size) {
    throw new TypeError(`expected extents up to byte ${size}, found them up to ${position}`);
  }
  return extents;
}

interface MapEntry {
  readonly start: number;
  readonly length: number;
  readonly zero: boolean;
}

function requireEntry(entry: unknown): MapEntry {
  const { start, length, zero } = Object(entry) as Partial<MapEntry>;
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(length) && (length as number) > 0;
  if (!isRange || typeof zero !== 'boolean') {
    throw new TypeError('expected an extent with start, length and zero');
  }
  return { start: start as number, length: length as number, zero };
}

function append(extents: Extent[], kind: Extent['kind'], start: number, length: number): void {
  const last = extents.at(-1);
  const joined = last?.kind === kind ? { start: last.start, length: last.length + length } : { start, length };
  if (last?.kind === kind) {
    extents.pop();
  }
  extents.push(kind === 'zero' ? { kind, ...joined } : { kind, ...joined, stored: { layer: 0, offset: joined.start } });
}
