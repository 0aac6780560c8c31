import { dirname } from 'node:path';
import {
  type DiskSource,
  encryptionOf,
  type FileStamp,
  fileKeyOf,
  type HashedImages,
  type HashVector,
  type ImageIdentity,
  isNamedAsVector,
  isVolatile,
  type Link,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { allocatedBytes } from './allocated-bytes.js';
import type { PlanImage } from './plan-image.js';

/** An image of a plan with what is known of its files. */
export interface PlanInput extends PlanImage {
  /** The path as the user named it; for a backing file that was not named, the path of its file. */
  readonly path: string;
  readonly identity: ImageIdentity;
  /**
   * Whether the user, a source, or the header of an overlay on it stated its format; otherwise the format was detected.
   */
  readonly isFormatStated: boolean;
}

/** An image that no plan can include, and why. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

export interface PlanInputs {
  /** The named images in their order, then the backing files that were not named. */
  readonly inputs: readonly PlanInput[];
  readonly leftOut: readonly LeftOut[];
}

interface Known {
  readonly isFormatStated: boolean;
  readonly path: string;
  readonly vector: HashVector;
  readonly identity: ImageIdentity;
}

/**
 * Collects the images that were hashed and their backing files. Hashes the backing files that were not named. Omits
 * images that failed. `leftOut` lists the hashed images that no plan can include.
 *
 * @throws the error of a backing file that cannot be hashed, `changed` if a file was replaced since it was hashed or a
 *   backing file changed, and the errors of `hashOthers`.
 */
export async function planInputs(hashed: HashedImages): Promise<PlanInputs> {
  const known = new Map<string, Known>();
  const leftOut: LeftOut[] = [];
  for (const [index, { path, vector }] of hashed.outcomes.entries()) {
    if (vector === undefined) {
      continue;
    }
    const { identity } = vector;
    const reason = problemOf(identity);
    if (identity === undefined || reason !== undefined) {
      leftOut.push({ path, reason: reason! });
    } else {
      const isFormatStated = isStated(hashed.found.sources[index]!);
      known.set(keyOf(identity), { path, vector, identity, isFormatStated });
    }
  }
  await addBackingFiles(known, hashed);
  const numbers = new Map([...known.keys()].map((key, index) => [key, index]));
  const bases = new Set([...known.values()].map(({ identity }) => backingKeyOf(identity)));
  const inputs = await Promise.all(
    [...known].map(async ([key, { path, vector, identity, isFormatStated }]): Promise<PlanInput> => {
      const backing = backingKeyOf(identity);
      return {
        path,
        vector,
        identity,
        isFormatStated,
        bytes: await allocatedBytes(filesOf(identity.chain[0]!)),
        ...(backing !== undefined && { backing: numbers.get(backing)! }),
        ...(bases.has(key) && { frozen: true }),
      };
    }),
  );
  return { inputs, leftOut };
}

async function addBackingFiles(known: Map<string, Known>, hashed: HashedImages): Promise<void> {
  const missing = new Map<string, ImageIdentity>();
  for (const { identity } of known.values()) {
    for (let backing = backingOf(identity); backing !== undefined; backing = backingOf(backing)) {
      if (!known.has(keyOf(backing))) {
        missing.set(keyOf(backing), backing);
      }
    }
  }
  if (missing.size === 0) {
    return;
  }
  const sources = [...missing.values()].map(({ chain: [link] }) => {
    return { path: link!.parts[0]!.path, format: link!.format, noFollow: true as const };
  });
  const outcomes = await hashed.hashOthers(sources);
  for (const [index, identity] of [...missing.values()].entries()) {
    const { path, vector, error } = outcomes[index]!;
    if (error !== undefined) {
      throw error;
    }
    if (vector.identity === undefined || keyOf(vector.identity) !== keyOf(identity)) {
      throw new VirtSimilarityError('changed', `${path} changed while the plan was made; try again`, { image: path });
    }
    known.set(keyOf(identity), { path, vector, identity, isFormatStated: true });
  }
}

/** The formats in which a disk can be a backing file and be replaced by an overlay. */
const DISK_FORMATS: ReadonlySet<string> = new Set([
  ...['raw', 'qcow2', 'qcow', 'qed', 'vmdk', 'vdi', 'vhdx', 'vpc', 'parallels', 'dmg'],
]);

/**
 * Returns whether the format of an image was stated. The format that is stated for a hash vector is not that of the
 * image that it records.
 */
function isStated(source: DiskSource): boolean {
  return source.format !== undefined && !isNamedAsVector(source);
}

function problemOf(identity: ImageIdentity | undefined): string | undefined {
  if (identity === undefined || identity.chain.some((link) => link.parts.some(({ kind }) => kind !== 'file'))) {
    return 'the files that store its content are unknown, or it is not stored in files';
  }
  if (encryptionOf(identity) !== undefined) {
    return 'it is encrypted';
  }
  const [{ format }] = identity.chain as [Link];
  if (!DISK_FORMATS.has(format)) {
    return `a disk of the format ${format} cannot be a backing file`;
  }
  if (identity.chain[0]!.parts.length > 1) {
    return 'it consists of several files';
  }
  return isVolatile(identity) ? 'its changes cannot be detected, because it is in use or a device' : undefined;
}

function backingOf({ chain }: ImageIdentity): ImageIdentity | undefined {
  return chain.length > 1 ? { chain: chain.slice(1) } : undefined;
}

function backingKeyOf(identity: ImageIdentity): string | undefined {
  const backing = backingOf(identity);
  return backing && keyOf(backing);
}

/** Returns a key that identifies an image by its top file, without its backing files. */
function keyOf({ chain: [top] }: ImageIdentity): string {
  return fileKeyOf(filesOf(top!)[0]!);
}

function filesOf({ parts }: Link): FileStamp[] {
  return parts.filter((part) => part.kind === 'file');
}

/** Returns the group of each image for `--group-by directory`. */
export function directoriesOf(inputs: readonly PlanInput[]): string[] {
  return inputs.map(({ identity }) => dirname(identity.chain[0]!.parts[0]!.path));
}
