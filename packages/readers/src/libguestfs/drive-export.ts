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
import { ALTERNATIVE, NBDKIT } from './tools.js';

export interface DriveExportOptions extends QemuCall {
  /** Where the sockets are made, in directories of their own. */
  readonly runDirectory: RunDirectory;
}

/** An image's raw content on a Unix socket, under the empty export name, as an appliance can take it for a drive. */
export interface DriveExport {
  readonly socketPath: string;
  /** Whether the servers still take connections, so that what cannot be read is the image's own fault. */
  isServed(): Promise<boolean>;
  /** Ends the servers and resolves when they are gone. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves an image's raw content so that it can be neither misread nor changed.
 *
 * qemu-nbd reads the image by its stated block graph, read-only. libguestfs takes a read-only drive only under an
 * overlay of its own making, so nbdkit stands between and passes for writable: its checkwrite filter compares what is
 * written with what is there, and fails where they differ. The appliance starts the RAID arrays and volume groups that
 * it finds on its drives, of which some write; from a copy-on-write layer that would be read back as the image's.
 *
 * @throws as `startNbdServer`; `unavailable` where nbdkit is missing or does not start; `aborted`.
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
      alternative: ALTERNATIVE,
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

/** The arguments that have nbdkit serve, on `socketPath`, what is served on `sourcePath`. */
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
