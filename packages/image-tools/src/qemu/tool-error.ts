import { type ErrorCode, type VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { REPLACED_FILE_MESSAGE } from '../processes/sandbox.js';
import type { ToolExit } from '../processes/tool-failure.js';
import { type ErrorContext, readError } from '../reading/read-error.js';
import type { ToolFiles } from './tool-files.js';

/** What a tool's message means: the code of the error, and the remedy. */
interface FailureMeaning {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly remedy: Wording;
}

/**
 * The meanings of messages on standard error. Only these messages show why a tool failed. The first pattern that
 * matches applies.
 */
const MEANINGS: readonly FailureMeaning[] = [
  {
    pattern: new RegExp(`^${REPLACED_FILE_MESSAGE}$|^bwrap: Can't find source path`, 'm'),
    code: 'changed',
    remedy: 'wait until no program is changing the image, then try again',
  },
  {
    pattern: /Failed to get .*lock/i,
    code: 'in-use',
    remedy: wording`shut down the machine that has the image open, or pass ${{ option: 'allowInUse', value: true }}`,
  },
  {
    pattern: /Invalid password, cannot unlock any keyslot/,
    code: 'refused',
    remedy: wording`pass the right passphrase with ${{ option: 'keys' }}`,
  },
  {
    pattern: /is not valid UTF-8/,
    code: 'refused',
    remedy: 'add a UTF-8 passphrase to the disk with cryptsetup luksAddKey, or to a qcow2 image with qemu-img amend',
  },
  {
    pattern: /key-secret' is required/,
    code: 'refused',
    remedy: wording`pass the passphrase of the image with ${{ option: 'keys' }}, or choose ${{ option: 'reader', value: 'qemu' }} to compare the ciphertext`,
  },
  {
    pattern: /Unknown (?:block )?driver|Unknown protocol/i,
    code: 'unavailable',
    remedy: 'install qemu-block-extra or convert the image',
  },
  {
    pattern: /Operation not supported/i,
    code: 'refused',
    remedy: 'convert the image with the program that made it',
  },
  { pattern: /Permission denied/i, code: 'unreadable', remedy: 'allow this user to read the file' },
  { pattern: /No such file or directory/i, code: 'unreadable', remedy: 'restore the missing file' },
  { pattern: /Input\/output error/i, code: 'unreadable', remedy: 'check the storage of the image' },
  { pattern: /^bwrap: /m, code: 'unavailable', remedy: 'run virt-similarity doctor to check the sandbox' },
  {
    pattern: /Cannot allocate memory|enough memory|Memory usage limit/i,
    code: 'unavailable',
    remedy: 'free some memory, or allow more',
  },
  { pattern: /No space left on device/i, code: 'unavailable', remedy: 'free some space in the temporary directory' },
  {
    pattern: /Resource temporarily unavailable/i,
    code: 'unavailable',
    remedy: 'end some processes, or allow more with ulimit -u',
  },
  { pattern: /Too many open files/i, code: 'unavailable', remedy: 'allow more open files with ulimit -n' },
];

const CHECK_IMAGE = 'check the image with qemu-img check';

/**
 * Matches the beginning of a line of a message, up to the reason: the name of a node that qemu was given as JSON. The
 * name is the JSON text; if the text is long, qemu prints only its end.
 */
const GRAPH = /^.*\}': /;

/**
 * Creates the error for a tool that failed to open or read an image. The code is `unavailable` if a signal ended the
 * tool or the tool ended with status 0; otherwise the code follows from the tool's messages. If no message is known,
 * the code is `corrupt`.
 *
 * @param ifCorrupt the remedy if the code is `corrupt`
 */
export function toolError(
  tool: string,
  exit: ToolExit,
  files: Pick<ToolFiles, 'withPaths'>,
  errorContext: ErrorContext,
  ifCorrupt: Wording = CHECK_IMAGE,
): VirtSimilarityError {
  const { code, remedy } = meaningOf(tool, exit, ifCorrupt);
  return readError(errorContext, code, wording`${tool}: ${files.withPaths(reasonOf(tool, exit))}; ${remedy}`, exit);
}

function meaningOf(tool: string, exit: ToolExit, ifCorrupt: Wording): Omit<FailureMeaning, 'pattern'> {
  if (exit.signal !== undefined) {
    return { code: 'unavailable', remedy: 'try again' };
  }
  if (exit.exitCode === 0) {
    return { code: 'unavailable', remedy: `check that ${tool} in PATH is the one from qemu-utils` };
  }
  return MEANINGS.find(({ pattern }) => pattern.test(exit.stderr)) ?? { code: 'corrupt', remedy: ifCorrupt };
}

/**
 * Returns the tool's messages on one line, without the tool's name and the block graph. If a signal ended the tool, or
 * if it printed nothing, returns how it ended.
 */
function reasonOf(tool: string, exit: ToolExit): string {
  if (exit.signal !== undefined) {
    return `ended by ${exit.signal}`;
  }
  const errorContext = new RegExp(`^(?:(?:\\S*/)?${tool}|virt-similarity): `);
  const lines = exit.stderr.split('\n').map((line) => line.replace(GRAPH, '').replace(errorContext, '').trim());
  return lines.filter((line) => line !== '').join('. ') || `exit status ${exit.exitCode}`;
}
