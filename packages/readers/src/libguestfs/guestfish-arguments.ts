import { VirtSimilarityError } from '@virt-similarity/core';
import { COMPONENT } from './tools.js';

/** Paths that neither guestfish, which splits lists at blanks, nor qemu, which splits at colons, takes apart. */
const PLAIN_PATH = /^\/[\w./+@%-]*$/;

/** Separates guestfish's commands on its command line. */
const NEXT_COMMAND = ':';

/** One guestfish command: its name, then what it is given. */
export type GuestfishCommand = readonly string[];

/**
 * The arguments that have the listening guestfish `server` run commands, one after the other. There is never a script,
 * in which a name that begins with `!` would be a command of the host, and never a name from outside.
 */
export function remoteArguments(server: number, commands: readonly GuestfishCommand[]): string[] {
  const words = commands.flatMap((command) => [NEXT_COMMAND, ...command]).slice(1);
  return [`--remote=${server}`, '--', ...words];
}

/**
 * Adds the NBD export on a Unix socket as the next drive. Its format is stated, so that nobody probes what a guest
 * wrote into its disk; and it is not added read-only, for which libguestfs would lay an overlay over it.
 */
export function addDrive(socketPath: string): GuestfishCommand {
  return ['add', '', 'format:raw', 'protocol:nbd', `server:unix:${requirePlainPath(socketPath)}`];
}

/** Adds an empty drive, of 1 MiB; there is no appliance without any drive. */
export const ADD_EMPTY_DRIVE: GuestfishCommand = ['add-drive-scratch', '1048576'];

/** Launches the appliance with the drives added. */
export const LAUNCH: GuestfishCommand = ['run'];

/** Prints the drives that the appliance has, one a line. */
export const LIST_DEVICES: GuestfishCommand = ['list-devices'];

/** Prints a drive's size in bytes. */
export function deviceSize(drive: number): GuestfishCommand {
  return ['blockdev-getsize64', deviceName(drive)];
}

/**
 * Writes bytes of a drive to a file of the host. The leading hyphen keeps the listening guestfish alive where the drive
 * cannot be read there; the file is too short then.
 */
export function download(drive: number, start: number, length: number, path: string): GuestfishCommand {
  return ['-download-offset', deviceName(drive), path, String(start), String(length)];
}

/** The name of the drive that was added as number `drive`, from 0: `/dev/sda`, …, `/dev/sdz`, `/dev/sdaa`, … */
export function deviceName(drive: number): string {
  let letters = '';
  for (let rest = drive + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(97 + ((rest - 1) % 26)) + letters;
  }
  return `/dev/sd${letters}`;
}

/**
 *
 *
 * @throws `unavailable` where the path could be taken apart.
 */
function requirePlainPath(path: string): string {
  if (!PLAIN_PATH.test(path)) {
    throw new VirtSimilarityError(
      'unavailable',
      `[${COMPONENT}] cannot use a socket at ${JSON.stringify(path)}: ` +
        'set TMPDIR to a directory without blanks, colons and the like in its path',
    );
  }
  return path;
}
