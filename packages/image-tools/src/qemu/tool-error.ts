import { type ErrorCode, type VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { REPLACED_FILE_MESSAGE } from '../processes/sandbox.js';
import type { ToolExit } from '../processes/tool-failure.js';
import { type ErrorContext, readError } from '../reading/read-error.js';
import type { ToolFiles } from './tool-files.js';

interface FailureMeaning {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly remedy: Wording;
}

/** The meanings of a tool's messages, which are its only report of a cause. The first match counts. */
const MEANINGS: readonly FailureMeaning[] = [
  {
    pattern: new RegExp(`^${REPLACED_FILE_MESSAGE}$|^bwrap: Can't find source path`, 'm'),
    code: 'changed',
    remedy: 'wait until nothing changes it, and try again',
  },
  {
    pattern: /Failed to get .*lock/i,
    code: 'in-use',
    remedy: wording`shut down the machine that has it open, or pass ${{ option: 'allowInUse', value: true }}`,
  },
  {
    pattern: /Invalid password, cannot unlock any keyslot/,
    code: 'refused',
    remedy: wording`pass the right passphrase with ${{ option: 'keys' }}`,
  },
  {
    pattern: /is not valid UTF-8/,
    code: 'refused',
    remedy: 'add a UTF-8 passphrase to the disk with cryptsetup luksAddKey',
  },
  {
    pattern: /key-secret' is required/,
    code: 'refused',
    remedy: wording`pass its passphrase with ${{ option: 'keys' }}, or choose ${{ option: 'reader', value: 'qemu' }} to compare the ciphertext`,
  },
  {
    pattern: /Unknown (?:block )?driver|Unknown protocol/i,
    code: 'unavailable',
    remedy: 'install qemu-block-extra or convert the image',
  },
  {
    pattern: /Operation not supported/i,
    code: 'refused',
    remedy: 'convert it with the program that made it',
  },
  { pattern: /Permission denied/i, code: 'unreadable', remedy: 'allow this user to read it' },
  { pattern: /No such file or directory/i, code: 'unreadable', remedy: 'restore the missing file' },
  { pattern: /Input\/output error/i, code: 'unreadable', remedy: 'check the storage that it is on' },
  { pattern: /^bwrap: /m, code: 'unavailable', remedy: 'run virt-similarity doctor to check the sandbox' },
  {
    pattern: /Cannot allocate memory|Too many open files|enough memory|Memory usage limit/i,
    code: 'unavailable',
    remedy: 'free some resources',
  },
];

const CHECK_IMAGE = 'check the image with qemu-img check';

/** qemu's name of a node that is given as a graph, before the reason. Long names are cut at the beginning. */
const GRAPH = /^.*\}': /;

/**
 * Creates the error for a tool that failed to open or read an image, from the tool's messages.
 *
 * @param ifCorrupt the remedy if the tool found the image damaged
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

/** Returns the tool's messages on one line, without its name and the block graph that they repeat. */
function reasonOf(tool: string, exit: ToolExit): string {
  if (exit.signal !== undefined) {
    return `ended by ${exit.signal}`;
  }
  const errorContext = new RegExp(`^(?:(?:\\S*/)?${tool}|virt-similarity): `);
  const lines = exit.stderr.split('\n').map((line) => line.replace(GRAPH, '').replace(errorContext, '').trim());
  return lines.filter((line) => line !== '').join('. ') || `exit status ${exit.exitCode}`;
}
