import { VirtSimilarityError } from '@virt-similarity/core';
import { COMPONENT } from './tools.js';

/**
 * Matches paths without the characters at which guestfish (spaces) or qemu (colons) splits text, and without other
 * special characters.
 */
const PLAIN_PATH = /^\/[\w./+@%-]*$/;

/** Separates guestfish's commands on its command line. */
const NEXT_COMMAND = ':';

/** One guestfish command: its name, then its arguments. */
export type GuestfishCommand = readonly string[];

/**
 * Returns the arguments that make the listening guestfish with process ID `server` run commands in order. The commands
 * are arguments, not a script: in a script, guestfish runs a line that begins with `!` on the host.
 */
export function remoteArguments(server: number, commands: readonly GuestfishCommand[]): string[] {
  const words = commands.flatMap((command) => [NEXT_COMMAND, ...command]).slice(1);
  return [`--remote=${server}`, '--', ...words];
}

/**
 * Adds the NBD export on a Unix socket as the next drive. Its format is given, so that nothing probes content that a
 * guest wrote. It is not added read-only, because libguestfs would then create an overlay of it.
 */
export function addDrive(socketPath: string): GuestfishCommand {
  return ['add', '', 'format:raw', 'protocol:nbd', `server:unix:${requirePlainPath(socketPath)}`];
}

/** Adds an empty drive of 1 MiB, because an appliance needs at least one drive. */
export const ADD_EMPTY_DRIVE: GuestfishCommand = ['add-drive-scratch', '1048576'];

/** Launches the appliance with the drives added. */
export const LAUNCH: GuestfishCommand = ['run'];

/** Prints the appliance's drives, one per line. */
export const LIST_DEVICES: GuestfishCommand = ['list-devices'];

/** Prints a drive's size in bytes. */
export function deviceSize(drive: number): GuestfishCommand {
  return ['blockdev-getsize64', deviceName(drive)];
}

/**
 * Writes bytes of a drive to a file of the host. The leading hyphen keeps the listening guestfish running if the bytes
 * cannot be read; the file is then too short.
 */
export function download(drive: number, start: number, length: number, path: string): GuestfishCommand {
  return ['-download-offset', deviceName(drive), path, String(start), String(length)];
}

/** Returns the name of the drive with this index: `/dev/sda`, …, `/dev/sdz`, `/dev/sdaa`, … */
export function deviceName(drive: number): string {
  let letters = '';
  for (let rest = drive + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(97 + ((rest - 1) % 26)) + letters;
  }
  return `/dev/sd${letters}`;
}

/** @throws `unavailable` if guestfish or qemu could split the path. */
function requirePlainPath(path: string): string {
  if (!PLAIN_PATH.test(path)) {
    throw new VirtSimilarityError(
      'unavailable',
      `[${COMPONENT}] cannot use a socket at ${JSON.stringify(path)}; ` +
        'set TMPDIR to a directory whose path has no spaces, colons or other special characters',
    );
  }
  return path;
}
