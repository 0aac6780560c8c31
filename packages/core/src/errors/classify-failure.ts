import { messageOf, propertyOf } from './thrown-values.js';
import { type ErrorCode, VirtSimilarityError } from './virt-similarity-error.js';
import { type Wording, wording } from './wording.js';

const FEWER_JOBS = wording`lower ${{ option: 'jobs' }}`;
const MORE_SPACE = 'free some space';
const MORE_MEMORY = wording`${FEWER_JOBS}, or allow more memory`;
const MORE_THREADS = wording`${FEWER_JOBS}, or allow more processes and memory`;

/** The remedies for exhausted system resources, by error code. */
const EXHAUSTED: ReadonlyMap<unknown, Wording> = new Map<unknown, Wording>([
  ['EAGAIN', MORE_THREADS],
  ['EDQUOT', MORE_SPACE],
  ['EMFILE', wording`${FEWER_JOBS}, or allow more open files with ulimit -n`],
  ['ENFILE', 'close other programs, or allow more open files for the whole system'],
  ['ENOMEM', MORE_MEMORY],
  ['ENOSPC', MORE_SPACE],
  ['ERR_MEMORY_ALLOCATION_FAILED', MORE_MEMORY],
  ['ERR_WORKER_INIT_FAILED', MORE_THREADS],
  ['ERR_WORKER_OUT_OF_MEMORY', MORE_MEMORY],
]);

/** Matches V8's messages when it cannot allocate memory for buffers or WebAssembly. These errors have no code. */
const NO_MEMORY =
  /^(Array buffer allocation failed|WebAssembly\.\w+\(\): .*could not allocate|WebAssembly\.\w+\(\): Out of memory)/i;

/** The codes for a missing module. Node.js also reports an existing module as missing when descriptors run out. */
const MISSING_MODULE: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'MODULE_NOT_FOUND',
]);

/**
 * Returns the remedy for an error that was thrown because disk space, memory, threads or open files ran out;
 * `undefined` for other errors.
 */
export function exhaustionRemedy(thrown: unknown): Wording | undefined {
  const remedy = EXHAUSTED.get(propertyOf(thrown, 'code'));
  if (remedy !== undefined) {
    return remedy;
  }
  const isMemory = propertyOf(thrown, 'name') === 'RangeError' && NO_MEMORY.test(messageOf(thrown));
  return isMemory ? MORE_MEMORY : undefined;
}

/**
 * Returns the remedy for an error that was thrown because a module of this program could not be loaded; `undefined` for
 * other errors.
 */
export function missingModuleRemedy(thrown: unknown): string | undefined {
  return MISSING_MODULE.has(propertyOf(thrown, 'code'))
    ? 'allow more open files with ulimit -n, or reinstall virt-similarity'
    : undefined;
}

/** Matches Node.js's message for a package that `import` or `require` did not find, and captures the package's name. */
const MISSING_PACKAGE = /^Cannot find (?:package|module) '((?:@[^'/]+\/)?[^'./][^'/]*)/;

/** Matches the path of a TypeScript module at the end of Node.js's message for an unknown extension. */
const TYPESCRIPT_MODULE = /\.[mc]?ts$/;

/**
 * Returns the remedy for an error that was thrown because a plugin imports a package that is not installed where the
 * plugin can find it, or is written in TypeScript, which this version of Node.js cannot run; `undefined` for other
 * errors.
 */
function loadingRemedy(thrown: unknown): string | undefined {
  if (propertyOf(thrown, 'code') === 'ERR_UNKNOWN_FILE_EXTENSION' && TYPESCRIPT_MODULE.test(messageOf(thrown))) {
    return 'compile it to JavaScript, or use Node.js 22.18 or later, which runs TypeScript';
  }
  const [, name] = MISSING_MODULE.has(propertyOf(thrown, 'code'))
    ? (MISSING_PACKAGE.exec(messageOf(thrown)) ?? [])
    : [];
  return name === undefined
    ? undefined
    : `run npm install ${name} in the plugin's directory, which does not see the packages of a global installation`;
}

/**
 * Maps a failure to the code of the error to throw and the end of its message, which is the remedy or empty. If a
 * system resource is exhausted, the code is `unavailable` and the remedy is that for the resource. Otherwise, they are
 * the given ones.
 */
export function classifyFailure(
  thrown: unknown,
  code: ErrorCode,
  remedy?: Wording,
): { readonly code: ErrorCode; readonly ending: Wording } {
  const exhausted = exhaustionRemedy(thrown);
  const advice = exhausted ?? remedy;
  return {
    code: exhausted === undefined ? code : 'unavailable',
    ending: advice === undefined ? '' : wording`; ${advice}`,
  };
}

/**
 * Maps what a plugin threw to the error to throw: this project's own errors stay as they are; others become `plugin`,
 * or `unavailable` if a system resource is exhausted.
 *
 * @param component the name of the plugin or its part
 * @param problem for the message, such as `the reporter failed`
 */
export function pluginError(component: string, problem: string, thrown: unknown): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const { code, ending } = classifyFailure(thrown, 'plugin', loadingRemedy(thrown));
  return new VirtSimilarityError(code, wording`[${component}] ${problem}: ${messageOf(thrown)}${ending}`, {
    cause: thrown,
  });
}
