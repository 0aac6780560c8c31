import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import {
  chainOf,
  EMPTY_VIEW,
  type InspectedImage,
  isConfined,
  type QemuCall,
  type RunDirectory,
  startNbdServer,
  startTool,
} from '@virt-similarity/image-tools';
import { awaitReadyFile } from './ready-file.js';
import { NBDKIT } from './tools.js';

export interface DriveExportOptions extends QemuCall {
  /** The directory in which the sockets are created, each in a separate subdirectory. */
  readonly runDirectory: RunDirectory;
}

/** An image's raw content on a Unix socket, under the empty export name, which an appliance can use as a drive. */
export interface DriveExport {
  readonly socketPath: string;
  /**
   * Returns whether both servers still accept connections. If they do, the image itself is the cause of unreadable
   * data.
   */
  isServed(): Promise<boolean>;
  /** Stops the servers and resolves once they have exited. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves an image's raw content so that it can neither be misread nor changed.
 *
 * qemu-nbd reads the image according to the given block graph, read-only. For a read-only drive, libguestfs would
 * create an overlay, and the content of the drive might be probed. Therefore, nbdkit serves the content of qemu-nbd as
 * if it were writable: its checkwrite filter compares the data of each write with the present content, and fails the
 * write if they differ. The appliance starts the RAID arrays and volume groups that it finds on its drives, and
 * starting them can cause writes. A copy-on-write layer would make such writes appear as content of the image.
 *
 * @throws as `startNbdServer` and `isConfined`; `unavailable` if nbdkit is missing or does not start; `aborted`; the
 * errors of `RunDirectory.makeDirectory`.
 */
export async function exportDrive(image: InspectedImage, options: DriveExportOptions): Promise<DriveExport> {
  const { runDirectory, ...call } = options;
  const source = await startNbdServer(image, { ...call, runDirectory });
  try {
    const directory = await runDirectory.makeDirectory();
    const socketPath = join(directory, 'drive');
    const readyPath = join(directory, 'drive.pid');
    const view = (await isConfined(NBDKIT, chainOf(image), call))
      ? { ...EMPTY_VIEW, readable: [dirname(source.socketPath)], writable: [directory] }
      : undefined;
    const server = await startTool(NBDKIT, nbdkitArguments(source.socketPath, socketPath, readyPath), {
      ...call,
      ...(view === undefined ? {} : { view }),
    });
    const close = async () => {
      await server.stop();
      await source.close();
    };
    try {
      await awaitReadyFile(readyPath, server, NBDKIT.command, call.signal);
    } catch (thrown) {
      await server.stop();
      throw thrown;
    }
    const isServed = async () => (await isListening(source.socketPath)) && (await isListening(socketPath));
    return { socketPath, isServed, close };
  } catch (thrown) {
    await source.close();
    throw thrown;
  }
}

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Returns the arguments with which nbdkit serves on `socketPath` what another server serves on `sourcePath`. */
export function nbdkitArguments(sourcePath: string, socketPath: string, readyPath: string): string[] {
  return [
    '--foreground',
    '--exit-with-parent',
    `--unix=${socketPath}`,
    `--pidfile=${readyPath}`,
    '--filter=checkwrite',
    'nbd',
    `socket=${sourcePath}`,
  ];
}
