import { createHash } from 'node:crypto';
import { isAbsolute, normalize } from 'node:path';
import { type FileStamp, readSmallFile } from '@virt-similarity/core';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { z } from 'zod';
import { PLAN_VERSION } from '../plan-json.js';
import { LARGEST_CLUSTER, SMALLEST_CLUSTER } from '../qcow2-size.js';

/** The size of the largest plan that is read, in bytes. */
const LARGEST_PLAN = 1024 * 1024 * 1024;

const count = z.number().int().min(0);
const integer = z.string().regex(/^\d+$/).transform(BigInt);
const stamp = z.object({
  kind: z.literal('file'),
  path: z.string().min(1),
  device: integer,
  inode: integer,
  size: integer,
  mtimeNs: integer,
  ctimeNs: integer,
});
const reference = z.union([z.object({ image: count }), z.object({ newBase: count })]).nullable();
const schema = z.object({
  version: z.literal(PLAN_VERSION),
  blockSize: count
    .min(SMALLEST_CLUSTER)
    .max(LARGEST_CLUSTER)
    .refine((size) => Number.isInteger(Math.log2(size))),
  bytesNow: count,
  bytesPlanned: count,
  bytesToWrite: count,
  /** The paths of images that were named but left out. */
  leftOut: z.array(z.string().min(1)).default([]),
  images: z.array(
    z.object({
      path: z.string().min(1),
      virtualSize: count,
      isFormatStated: z.boolean(),
      chain: z.array(z.object({ format: z.string().min(1), files: z.array(stamp).min(1) })).min(1),
      base: reference,
      isWritten: z.boolean(),
      emptyOverlayBytes: count,
      bytes: count,
    }),
  ),
  newBases: z.array(
    z.object({
      base: reference,
      virtualSize: count,
      bytes: count,
      runs: z.array(z.tuple([count, count.min(1), count])),
    }),
  ),
});

/**
 * A plan as read from its file. Every base is an image or a new base of the plan, and no file is its own direct or
 * indirect base.
 */
export type PlanFile = z.output<typeof schema> & {
  /** The first eight hexadecimal digits of the SHA-256 of the plan's text, for names of files. */
  readonly id: string;
  readonly text: string;
};

export type PlanFileImage = PlanFile['images'][number];
export type PlanFileReference = PlanFileImage['base'];

/**
 * Reads the plan that `plan -O json` printed.
 *
 * @throws as `readSmallFile`, and `corrupt` if the file is not a plan of this version.
 */
export async function readPlanFile(path: string): Promise<PlanFile> {
  return parsePlan(path, (await readSmallFile(path, LARGEST_PLAN)).toString('utf8'));
}

/**
 * Parses the text of a plan.
 *
 * @param path of the file that contains the text, for messages
 * @throws `corrupt` if the text is not a plan of this version.
 */
export function parsePlan(path: string, text: string): PlanFile {
  const found = parsed(path, text);
  const { success, data, error } = schema.safeParse(found);
  if (!success) {
    const [{ path: where, message }] = error.issues as [z.core.$ZodIssue];
    throw notAPlan(path, `${where.join('.')}: ${message}`);
  }
  requireForest(path, data);
  requireDistinctFiles(path, data);
  requireRunsInside(path, data);
  return { ...data, id: createHash('sha256').update(text).digest('hex').slice(0, 8), text };
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notAPlan(path, messageOf(cause));
  }
}

function notAPlan(path: string, problem: string): VirtSimilarityError {
  return new VirtSimilarityError(
    'corrupt',
    `cannot use ${path}: expected a plan of version ${PLAN_VERSION} as JSON, found something else (${problem}); plan again`,
    { image: path },
  );
}

/**
 * Requires that every reference is to a file of the plan, and that no file is its own base, directly or through others.
 */
function requireForest(path: string, { images, newBases }: z.output<typeof schema>): void {
  const next = (base: PlanFileReference) =>
    base === null ? undefined : 'image' in base ? images[base.image] : newBases[base.newBase];
  for (const file of [...images, ...newBases]) {
    let steps = 0;
    for (let { base } = file; base !== null; ) {
      const below = next(base);
      if (below === undefined || ++steps > images.length + newBases.length) {
        throw notAPlan(path, 'a base is missing, or is based on itself');
      }
      base = below.base;
    }
  }
  if (newBases.some(({ runs }) => runs.some(([, , image]) => images[image] === undefined))) {
    throw notAPlan(path, 'a new base has blocks of a missing image');
  }
}

/**
 * Requires that each image has a different file, at a normalised absolute path, and that no image that changes is the
 * backing file of another image now.
 */
function requireDistinctFiles(path: string, { images }: z.output<typeof schema>): void {
  const keyOf = ({ device, inode }: z.output<typeof stamp>) => `${device}:${inode}`;
  const tops = images.map(({ chain }) => chain[0]!.files[0]!);
  const backing = new Set(images.flatMap(({ chain }) => chain.slice(1).flatMap(({ files }) => files.map(keyOf))));
  if (new Set(tops.map(keyOf)).size < tops.length) {
    throw notAPlan(path, 'two images are the same file');
  }
  if (tops.some((top) => !isAbsolute(top.path) || normalize(top.path) !== top.path)) {
    throw notAPlan(path, 'the path of an image is relative or has unnecessary elements');
  }
  const changes = ({ isWritten, emptyOverlayBytes }: PlanFileImage) => isWritten || emptyOverlayBytes > 0;
  if (images.some((image, index) => changes(image) && backing.has(keyOf(tops[index]!)))) {
    throw notAPlan(path, 'an image that would change is the backing file of another one');
  }
}

/** Requires that new bases have blocks, all of them inside the disk. */
function requireRunsInside(path: string, { newBases, blockSize }: z.output<typeof schema>): void {
  for (const { runs, virtualSize } of newBases) {
    const blocks = Math.ceil(virtualSize / blockSize);
    if (runs.length === 0 || runs.some(([start, length]) => start + length > blocks)) {
      throw notAPlan(path, 'the blocks of a new base are missing or outside its disk');
    }
  }
}

/** Returns the file of an image, without its backing files. */
export function topFile({ chain }: PlanFileImage): FileStamp {
  return chain[0]!.files[0]!;
}
