import { VirtSimilarityError } from '@virt-similarity/core/errors';
// zod's version 4 takes longer to load than everything else here together.
import { z } from 'zod/v3';
import { parseBlockSize } from './block-size.js';
import { parseByteCount } from './byte-count.js';
import { LONGEST_TIMEOUT, parseSeconds } from './seconds.js';

/** Where hash vectors are kept: in the working directory, as the original kept them, easily found and deleted. */
const DEFAULT_CACHE = 'similarity-cache';

const MOST_JOBS = 1024;

const name = z.string().min(1, 'expected a name, found nothing').optional();
const path = z.string().min(1, 'expected a path, found nothing');

const blockSize = z.string().transform((text, context) => {
  const size = parseBlockSize(text);
  if (size === undefined) {
    context.addIssue({
      code: 'custom',
      message: `expected a power of two from 512 to 16M, such as 4096, 64K or 1M; found '${text}'`,
    });
    return z.NEVER;
  }
  return size;
});

const jobs = z.string().transform((text, context) => {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST_JOBS) {
    context.addIssue({ code: 'custom', message: `expected a whole number from 1 to ${MOST_JOBS}, found '${text}'` });
    return z.NEVER;
  }
  return count;
});

const seconds = z.string().transform((text, context) => {
  const value = parseSeconds(text);
  if (value !== undefined) {
    return value;
  }
  const expected = `expected seconds from 0 to ${LONGEST_TIMEOUT}, such as 60 or 0.5`;
  context.addIssue({ code: 'custom', message: `${expected}; found '${text}'` });
  return z.NEVER;
});

const byteCount = z.string().transform((text, context) => {
  const bytes = parseByteCount(text);
  if (bytes === undefined) {
    context.addIssue({
      code: 'custom',
      message: `expected a number of bytes below 8P, such as 500G or 64T; found '${text}'`,
    });
    return z.NEVER;
  }
  return bytes;
});

const hashing = {
  reader: name,
  hash: name,
  blockSize: blockSize.optional(),
  cache: z.union([path, z.literal(false)]).default(DEFAULT_CACHE),
  jobs: jobs.optional(),
  allowBacking: z.array(path).optional(),
  pluginTimeout: seconds.optional(),
  maxVirtualSize: byteCount.optional(),
  allowInUse: z.boolean().optional(),
  sandbox: z
    .boolean()
    .transform((isWanted) => (isWanted ? 'required' : 'off'))
    .optional(),
};

/** What `analyze` was asked, checked and in the units of the library. */
export const ANALYZE_SETTINGS = z.object({
  ...hashing,
  metric: name,
  linkage: name,
  clusterer: name,
  outputFormat: name,
  output: z.array(path).optional(),
  names: path.optional(),
});

/** What `hash` was asked. */
export const HASH_SETTINGS = z.object({ ...hashing, output: path.optional() });

/** What `cache` was asked. */
export const CACHE_SETTINGS = z.object({ cache: path.default(DEFAULT_CACHE) });

export type AnalyzeSettings = z.infer<typeof ANALYZE_SETTINGS>;
export type HashSettings = z.infer<typeof HASH_SETTINGS>;

/**
 * The options as the command needs them.
 * Throws a `usage` error that names the first option that cannot be obeyed.
 */
export function parseSettings<Schema extends z.ZodTypeAny>(
  schema: Schema,
  options: Readonly<Record<string, unknown>>,
): z.infer<Schema> {
  const result = schema.safeParse(options);
  if (!result.success) {
    const issue = result.error.issues[0];
    const option = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new VirtSimilarityError('usage', `--${option}: ${issue?.message}`);
  }
  return result.data;
}
