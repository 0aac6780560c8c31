import { readError, type Speaker } from '../reading/read-error.js';
import { type NbdExport, shakeHands } from './handshake.js';
import { NbdConnection } from './nbd-connection.js';
import { NbdSocket } from './nbd-socket.js';

/** The export to connect to and the time limit. */
export interface ConnectNbdOptions extends Speaker {
  /** Name of the export; the server's default export if absent. */
  readonly exportName?: string | undefined;
  /** Milliseconds for the handshake, and for each request after it. */
  readonly timeoutMs?: number | undefined;
  /** Ends the connection; pending calls reject with an `aborted` error. */
  readonly signal?: AbortSignal | undefined;
}

/** The defaults of {@link ConnectNbdOptions}. */
export const CONNECT_NBD_DEFAULTS = { exportName: '', timeoutMs: 60_000 } as const;

/**
 * Connects to an export of an NBD server on a Unix socket. The caller closes the connection.
 *
 * Protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 *
 * @throws `unreadable` if the server refuses the export; `unavailable` if the server is missing, hangs or breaks the
 * protocol; `aborted`.
 */
export async function connectNbd(socketPath: string, options: ConnectNbdOptions): Promise<NbdConnection> {
  const { component, image, signal } = options;
  const speaker: Speaker = { component, image };
  const exportName = options.exportName ?? CONNECT_NBD_DEFAULTS.exportName;
  const timeoutMs = options.timeoutMs ?? CONNECT_NBD_DEFAULTS.timeoutMs;
  const socket = new NbdSocket(socketPath, speaker, signal);
  const timer = setTimeout(() => {
    const happened = `the NBD server did not complete the handshake within ${timeoutMs / 1000} s; try again`;
    socket.fail(readError(speaker, 'unavailable', happened));
  }, timeoutMs);
  let nbdExport: NbdExport;
  try {
    nbdExport = await shakeHands(socket, exportName, speaker);
  } catch (thrown) {
    await socket.end(readError(speaker, 'unavailable', 'the connection was closed'));
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
  return new NbdConnection(socket, nbdExport, speaker, timeoutMs);
}
