import { lstat, readlink } from 'node:fs/promises';
import { systemPath, VirtSimilarityError } from '@virt-similarity/core';
import type { DescriptorContent } from './child-tool.js';
import { findProgram } from './find-program.js';
import { systemCallFilter } from './system-call-filter.js';

/** A file that was inspected. */
export interface SandboxFile {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  readonly isBlockDevice: boolean;
}

/** What a program in the sandbox sees of the machine, beside /usr. Paths are absolute. */
export interface SandboxView {
  /** Files that it can read, each under the name that {@link sandboxName} gives for its place in the list. */
  readonly files: readonly SandboxFile[];
  /** Contents of files that it can read, each under the name that {@link sandboxTextName} gives for its place. */
  readonly texts: readonly Uint8Array[];
  /** Directories of this process's own in which it can read, under their own names. */
  readonly readable: readonly string[];
  /** Directories of this process's own in which it can write, under their own names. */
  readonly writable: readonly string[];
}

/** A view of nothing. */
export const EMPTY_VIEW: SandboxView = { files: [], texts: [], readable: [], writable: [] };

/** The kernel's namespaces and capabilities that make a sandbox. */
export type SandboxKind = 'privileged' | 'unprivileged' | 'unprivileged-without-disable-userns';

const FILES_DIRECTORY = '/image';
const TEXTS_DIRECTORY = '/text';
/** Digits of a file's number: the shell lists names by their text. */
const NUMBER_DIGITS = 5;

/**
 * root needs no namespace of users, in which it could read no other user's image. What it keeps of its powers is to read,
 * and it has that only over files that it sees.
 */
const NAMESPACES: Readonly<Record<SandboxKind, readonly string[]>> = {
  privileged: [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--cap-drop', 'ALL', '--cap-add', 'CAP_DAC_READ_SEARCH'],
  ],
  unprivileged: ['--unshare-user', '--unshare-all', '--disable-userns', '--cap-drop', 'ALL'],
  'unprivileged-without-disable-userns': ['--unshare-all', '--cap-drop', 'ALL'],
};

/** Directories that, beside /usr, hold programs and libraries; where they are links into /usr, they are made anew. */
const SYSTEM_DIRECTORIES = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Where libraries are, which the dynamic linker would search for otherwise. */
const LINKER_CACHE = '/etc/ld.so.cache';

/** The descriptors under which bwrap is given what it reads; it closes them before the program starts. */
const ARGUMENTS_DESCRIPTOR = 3;
const FILTER_DESCRIPTOR = 4;
const FIRST_TEXT_DESCRIPTOR = 5;

/** How a command is put into the sandbox. */
export interface Confinement {
  /** The words before the command. */
  readonly words: readonly string[];
  /** What these words read, by descriptor. */
  readonly descriptors: ReadonlyMap<number, DescriptorContent>;
}

/** The name under which a program in the sandbox sees the file with this place in `files`. */
export function sandboxName(place: number): string {
  return `${FILES_DIRECTORY}/${String(place).padStart(NUMBER_DIGITS, '0')}`;
}

/** The name under which a program in the sandbox sees the file made of the bytes with this place in `texts`. */
export function sandboxTextName(place: number): string {
  return `${TEXTS_DIRECTORY}/${place}`;
}

/**
 * Runs a command with no network, no process but its own, no file but those of `view` and of /usr, none of them writable
 * but in the writable directories, and no system call that reading an image does not need.
 *
 * bwrap takes files by their paths, where others may have been put meanwhile: {@link CHECK_FILES} has to run first in the sandbox.
 *
 * @param program Absolute path of the program; it is seen as well.
 */
export async function confine(kind: SandboxKind, view: SandboxView, program: string): Promise<Confinement> {
  const readable = program.startsWith('/usr/') ? view.readable : [program, ...view.readable];
  const hasDevice = view.files.some(({ isBlockDevice }) => isBlockDevice);
  // A mount that is read-only keeps no one from writing to a device.
  const filter = systemCallFilter(hasDevice ? 'denied' : 'as-mounted');
  if (hasDevice && filter === undefined) {
    throw new VirtSimilarityError(
      'refused',
      `a block device cannot be given to a tool on ${process.arch}, where nothing keeps the tool from writing to it; ` +
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
    ...view.files.flatMap(({ path, isBlockDevice }, place) => [
      isBlockDevice ? '--dev-bind' : '--ro-bind',
      systemPath(path),
      sandboxName(place),
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
    words: [(await findProgram('bwrap')) ?? 'bwrap', '--args', String(ARGUMENTS_DESCRIPTOR), '--'],
    descriptors,
  };
}

/** What {@link CHECK_FILES} prints before it ends the program. */
export const REPLACED_FILE_MESSAGE = 'virt-similarity: another file took the place of one that was inspected';

/**
 * The shell commands that end with a failure unless `$1` holds device and inode of the files that are seen, one a line,
 * and otherwise take `$1` away.
 */
export const CHECK_FILES = `
if [ -n "$1" ] && [ "$1" != "$(stat -L -c %d:%i ${FILES_DIRECTORY}/*)" ]; then
  echo '${REPLACED_FILE_MESSAGE}' >&2
  exit 1
fi
shift
`;

/** The first argument for {@link CHECK_FILES}. */
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
