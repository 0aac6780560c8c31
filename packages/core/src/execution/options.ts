import { availableParallelism } from 'node:os';
import { inspect } from 'node:util';
// Version 4 of zod takes as long to load as all other modules together.
import { z } from 'zod/v3';
import type { DiskKey } from '../contracts/disk-key.js';
import { READ_DEFAULTS } from '../contracts/disk-reader.js';
import type { ExecutionRun } from '../contracts/executor.js';
import type { Logger } from '../contracts/plugin.js';
import type { AnalyzeOptions, Complete, ProgressEvent } from '../contracts/stages.js';
import { unknownName, VirtSimilarityError } from '../errors.js';
import { HASH_IMAGE_DEFAULTS } from '../hashing/hash-image.js';
import type { Passphrase } from '../passphrase.js';
import { LARGEST_BLOCK, SMALLEST_BLOCK } from '../vectors/check-header.js';

/** The defaults of the options of `hash` and `analyze`. */
export const ANALYZE_DEFAULTS = {
  reader: 'auto',
  hasher: 'sha256',
  blockSize: HASH_IMAGE_DEFAULTS.blockSize,
  jobs: availableParallelism(),
  recursive: false,
  exclude: [],
  allowBacking: [],
  ...READ_DEFAULTS,
  metric: 'hamming',
  linkage: 'single',
  clusterer: 'auto',
} as const satisfies AnalyzeOptions;

const name = z.string().min(1);

const schema = z.object({
  reader: name.default(ANALYZE_DEFAULTS.reader),
  hasher: name.default(ANALYZE_DEFAULTS.hasher),
  blockSize: z
    .number()
    .int()
    .min(SMALLEST_BLOCK)
    .max(LARGEST_BLOCK)
    .refine((size) => Number.isInteger(Math.log2(size)), 'expected a power of two')
    .default(ANALYZE_DEFAULTS.blockSize),
  cache: z.union([z.string().min(1), z.literal(false)]).optional(),
  jobs: z.number().int().min(1).max(1024).default(ANALYZE_DEFAULTS.jobs),
  allowBacking: z.array(z.string().min(1)).default([]),
  maxVirtualSize: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(ANALYZE_DEFAULTS.maxVirtualSize),
  allowInUse: z.boolean().default(ANALYZE_DEFAULTS.allowInUse),
  recursive: z.boolean().default(ANALYZE_DEFAULTS.recursive),
  exclude: z.array(z.string().min(1)).default([]),
  sandbox: z.enum(['required', 'off']).default(ANALYZE_DEFAULTS.sandbox),
  keys: z.array(z.custom<DiskKey>(isKey, 'expected keys as readDiskKey returns them')).optional(),
  cacheDecrypted: z.boolean().optional(),
  metric: name.default(ANALYZE_DEFAULTS.metric),
  linkage: name.default(ANALYZE_DEFAULTS.linkage),
  clusterer: name.default(ANALYZE_DEFAULTS.clusterer),
  onProgress: z.custom<NonNullable<AnalyzeOptions['onProgress']>>(isFunction).default(() => ignore),
  onNote: z.custom<NonNullable<AnalyzeOptions['onNote']>>(isFunction).optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

type OptionName = keyof z.input<typeof schema>;

const CLUSTERING: readonly OptionName[] = ['clusterer', 'linkage', 'onProgress', 'signal'];
const COMPARING: readonly OptionName[] = ['metric', 'jobs', 'onProgress', 'signal'];
const HASHING: readonly OptionName[] = [
  'reader',
  'hasher',
  'blockSize',
  'cache',
  'cacheDecrypted',
  'keys',
  'jobs',
  'allowBacking',
  'maxVirtualSize',
  'allowInUse',
  'recursive',
  'exclude',
  'sandbox',
  'onProgress',
  'onNote',
  'signal',
];

/**
 * The options that each method uses, for messages. So that a program can pass one object to all methods, each method
 * also accepts the options of the others, except `unit` and `algorithm`, which only `analyzeDistances` accepts, and
 * `metric`, which `extend` refuses.
 */
const USED = {
  diagnose: ['signal'],
  findImages: ['allowInUse', 'recursive', 'exclude', 'onNote', 'signal'],
  identify: HASHING,
  open: HASHING,
  hash: HASHING,
  compare: COMPARING,
  compareWith: COMPARING,
  cluster: CLUSTERING,
  analyze: [...HASHING, 'metric', 'linkage', 'clusterer'],
  analyzeVectors: ['metric', 'linkage', 'clusterer', 'jobs', 'onProgress', 'signal'],
  extend: ['linkage', 'clusterer', 'jobs', 'onProgress', 'signal'],
  analyzeDistances: ['metric', 'unit', 'algorithm', 'blockSize', ...CLUSTERING],
  report: ['signal'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A method of `Analyzer` or `Executor` that accepts options. */
export type MethodWithOptions = keyof typeof USED;

/** The options with defaults applied. */
export type CompleteOptions = Omit<z.output<typeof schema>, 'onNote'> & Complete<Pick<AnalyzeOptions, 'onNote'>>;

/**
 * Validates options and applies defaults. Makes the events for `onProgress` serializable by `JSON.stringify`.
 *
 * @param method named in the error for an unknown option
 * @param logger receives the notes if `onNote` is absent
 * @throws `usage` for an unknown option and for an invalid value. The message lists the known options, or names the
 *   option and what was expected and found, but never contains the value of `keys`.
 */
export function completeOptions(method: MethodWithOptions, options: AnalyzeOptions, logger: Logger): CompleteOptions {
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw unknownName('option', unknown, USED[method], method);
  }
  const parsed = schema.safeParse(options);
  if (parsed.success) {
    const { onNote = (level, message) => logger.note(level, message), onProgress, ...others } = parsed.data;
    return { ...others, onProgress: (event) => onProgress(serializable(event)), onNote };
  }
  const { path, message } = parsed.error.issues[0]!;
  const name = path[0] as keyof AnalyzeOptions;
  // A value passed as a key may be a passphrase.
  const found = name === 'keys' ? '' : `; found ${inspect(options[name], { breakLength: Number.POSITIVE_INFINITY })}`;
  throw new VirtSimilarityError('usage', `option ${path.join('.')}: ${message}${found}`, { cause: parsed.error });
}

/** Returns the local context of a request with these options. */
export function runOf({ jobs, keys, onProgress, onNote, signal }: CompleteOptions): ExecutionRun {
  return { jobs, keys, onProgress, onNote, signal };
}

/**
 * Returns a copy of an event with a method `toJSON`, which writes a bigint as a decimal string and a vector without its
 * rows. The method is not enumerable, so it does not prevent structured cloning of the event.
 */
function serializable(event: ProgressEvent): ProgressEvent {
  const toJSON = (): unknown => JSON.parse(JSON.stringify({ ...event }, withoutRows));
  return Object.defineProperty({ ...event }, 'toJSON', { value: toJSON });
}

function withoutRows(key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    return String(value);
  }
  return key === 'storage' ? undefined : value;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isKey(value: Partial<DiskKey> | null | undefined): boolean {
  const { selector, passphrases } = value ?? {};
  const isPassphrase = (each: Partial<Passphrase> | null | undefined) => isFunction(each?.reveal);
  return typeof selector === 'string' && Array.isArray(passphrases) && passphrases.every(isPassphrase);
}

function ignore(): void {}
