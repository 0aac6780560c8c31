import { lstat, readlink } from 'node:fs/promises';
import { systemPath, VirtSimilarityError } from '@virt-similarity/core';
import type { DescriptorContent } from './child-tool.js';
import { findProgram } from './find-program.js';
import { systemCallFilter } from './system-call-filter.js';
import type { Tool } from './tool.js';

/** The program that creates the sandbox. */
export const BUBBLEWRAP: Tool = { command: 'bwrap', package: 'bubblewrap' };

/** A file that was inspected. Its device and inode identify the file that the path led to. */
export interface SandboxFile {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  readonly isBlockDevice: boolean;
}

/** The files and directories that a program in the sandbox sees besides the files of the system. Paths are absolute. */
export interface SandboxView {
  /** Readable files, each under the {@link sandboxName} of its index in the list. */
  readonly files: readonly SandboxFile[];
  /** Contents of readable files, each under the {@link sandboxTextName} of its index in the list. */
  readonly texts: readonly Uint8Array[];
  /** Directories that the program can read, under the same paths as outside the sandbox. */
  readonly readable: readonly string[];
  /** Directories that the program can write to, under the same paths as outside the sandbox. */
  readonly writable: readonly string[];
}

/** A view without any file. */
export const EMPTY_VIEW: SandboxView = { files: [], texts: [], readable: [], writable: [] };

/** The namespaces and capabilities that a sandbox uses. */
export type SandboxKind = 'privileged' | 'unprivileged' | 'unprivileged-without-disable-userns';

const FILES_DIRECTORY = '/image';
const TEXTS_DIRECTORY = '/text';
/** Digits of a file's number. All numbers have the same length, because the shell sorts names as text. */
const NUMBER_DIGITS = 5;

/**
 * bwrap's options for each kind of sandbox. `privileged`, which is for root, creates no user namespace, because root
 * could not read the images of other users inside a user namespace. Of root's capabilities, the program keeps only the
 * capability to read every file. This capability applies only to the files that the program sees.
 */
const NAMESPACES: Readonly<Record<SandboxKind, readonly string[]>> = {
  privileged: [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--cap-drop', 'ALL', '--cap-add', 'CAP_DAC_READ_SEARCH'],
  ],
  unprivileged: ['--unshare-user', '--unshare-all', '--disable-userns', '--cap-drop', 'ALL'],
  'unprivileged-without-disable-userns': ['--unshare-all', '--cap-drop', 'ALL'],
};

/**
 * Directories besides /usr that hold programs and libraries. Symbolic links among them are recreated in the sandbox.
 */
const SYSTEM_DIRECTORIES = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** The cache of library locations, without which the dynamic linker would search for each library. */
const LINKER_CACHE = '/etc/ld.so.cache';

/** The descriptors that bwrap itself reads. It closes them before the program starts. */
const ARGUMENTS_DESCRIPTOR = 3;
const FILTER_DESCRIPTOR = 4;
const FIRST_TEXT_DESCRIPTOR = 5;

/** How a command is run in the sandbox. */
export interface Confinement {
  /** The words before the command. */
  readonly words: readonly string[];
  /** What bwrap reads from its descriptors, by the number of the descriptor. */
  readonly descriptors: ReadonlyMap<number, DescriptorContent>;
}

/** Returns the name under which a program in the sandbox sees the file at this index of `files`. */
export function sandboxName(index: number): string {
  return `${FILES_DIRECTORY}/${String(index).padStart(NUMBER_DIGITS, '0')}`;
}

/** Returns the name under which a program in the sandbox sees the content at this index of `texts`. */
export function sandboxTextName(index: number): string {
  return `${TEXTS_DIRECTORY}/${index}`;
}

/**
 * Returns the words and descriptors that confine a command. The command has no network and sees only its own processes,
 * the files of `view`, `program`, and the programs and libraries of the system. It can write only to the writable
 * directories of `view`. On x86-64 and arm64, a filter also denies system calls that reading an image does not need;
 * see {@link systemCallFilter}.
 *
 * bwrap opens files by path, and another file may have replaced the inspected file at its path, so {@link CHECK_FILES}
 * must run first in the sandbox.
 *
 * @param program absolute path of the program
 * @throws `refused` if `view` has a block device and there is no filter for this processor, because only the filter
 *   prevents writes to the device.
 */
export async function confine(kind: SandboxKind, view: SandboxView, program: string): Promise<Confinement> {
  const readable = program.startsWith('/usr/') ? view.readable : [program, ...view.readable];
  const hasDevice = view.files.some(({ isBlockDevice }) => isBlockDevice);
  // A read-only mount does not prevent writes to a device.
  const filter = systemCallFilter(hasDevice ? 'denied' : 'as-mounted');
  if (hasDevice && filter === undefined) {
    throw new VirtSimilarityError(
      'refused',
      `cannot give a block device to a tool on ${process.arch}, where nothing prevents the tool from writing to it; ` +
        'copy the device to a file, or run the tools without a sandbox',
    );
  }
  const options: (string | Buffer)[] = [
    ...NAMESPACES[kind],
    ...['--die-with-parent', '--new-session', '--chdir', '/'],
    ...['--ro-bind', '/usr', '/usr', '--ro-bind-try', LINKER_CACHE, LINKER_CACHE],
    ...(await systemDirectories()),
    ...['--proc', '/proc', '--remount-ro', '/proc', '--dev', '/dev', '--remount-ro', '/dev', '--dir', '/tmp'],
    ...['--dir', FILES_DIRECTORY, '--dir', TEXTS_DIRECTORY],
    ...view.files.flatMap(({ path, isBlockDevice }, index) => [
      isBlockDevice ? '--dev-bind' : '--ro-bind',
      systemPath(path),
      sandboxName(index),
    ]),
    ...view.texts.flatMap((_, index) => [
      '--ro-bind-data',
      String(FIRST_TEXT_DESCRIPTOR + index),
      sandboxTextName(index),
    ]),
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
    ...view.writable.flatMap((path) => ['--bind', path, path]),
    ...['--remount-ro', '/'],
    ...(filter === undefined ? [] : ['--seccomp', String(FILTER_DESCRIPTOR)]),
  ];
  const descriptors = new Map<number, DescriptorContent>([
    [ARGUMENTS_DESCRIPTOR, Buffer.concat(options.flatMap((option) => [Buffer.from(option), Buffer.of(0)]))],
    ...(filter === undefined ? [] : [[FILTER_DESCRIPTOR, filter] as const]),
    ...view.texts.map((text, index) => [FIRST_TEXT_DESCRIPTOR + index, text] as const),
  ]);
  return {
    words: [
      (await findProgram(BUBBLEWRAP.command)) ?? BUBBLEWRAP.command,
      '--args',
      String(ARGUMENTS_DESCRIPTOR),
      '--',
    ],
    descriptors,
  };
}

/** The message that {@link CHECK_FILES} prints before it fails. */
export const REPLACED_FILE_MESSAGE = 'virt-similarity: a file was replaced after it was inspected';

/**
 * Shell commands that fail unless `$1` lists the device and inode of each visible file, one per line, or is empty. On
 * success they remove `$1` from the arguments.
 */
export const CHECK_FILES = `
if [ -n "$1" ] && [ "$1" != "$(stat -L -c %d:%i ${FILES_DIRECTORY}/*)" ]; then
  echo '${REPLACED_FILE_MESSAGE}' >&2
  exit 1
fi
shift
`;

/** Returns the first argument for {@link CHECK_FILES}. */
export function filesToCheck({ files }: SandboxView): string {
  return files.map(({ device, inode }) => `${device}:${inode}`).join('\n');
}

let systemWords: Promise<string[]> | undefined;

function systemDirectories(): Promise<string[]> {
  systemWords ??= Promise.all(SYSTEM_DIRECTORIES.map(systemDirectory)).then((words) => words.flat());
  return systemWords;
}

async function systemDirectory(path: string): Promise<string[]> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink();
    return isLink ? ['--symlink', await readlink(path), path] : ['--ro-bind', path, path];
  } catch {
    return [];
  }
}
