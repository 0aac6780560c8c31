import { createHash } from 'node:crypto';
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
};

export type PlanFileImage = PlanFile['images'][number];
export type PlanFileReference = PlanFileImage['base'];

/**
 * Reads the plan that `plan -O json` printed.
 *
 * @throws as `readSmallFile`, and `corrupt` if the file is not a plan of this version.
 */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const text = (await readSmallFile(path, LARGEST_PLAN)).toString('utf8');
  const found = parsed(path, text);
  const { success, data, error } = schema.safeParse(found);
  if (!success) {
    const [{ path: where, message }] = error.issues as [z.core.$ZodIssue];
    throw notAPlan(path, `${where.join('.')}: ${message}`);
  }
  requireForest(path, data);
  return { ...data, id: createHash('sha256').update(text).digest('hex').slice(0, 8) };
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

/** Returns the file of an image, without its backing files. */
export function topFile({ chain }: PlanFileImage): FileStamp {
  return chain[0]!.files[0]!;
}
