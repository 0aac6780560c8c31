import { type ErrorContext, readError } from '../reading/read-error.js';
import { type NbdExport, shakeHands } from './handshake.js';
import { NbdConnection } from './nbd-connection.js';
import { type NbdAddress, NbdSocket } from './nbd-socket.js';

/** How to connect to an export, and how failures are reported. */
export interface ConnectNbdOptions extends ErrorContext {
  /** Name of the export; the server's default export if absent. */
  readonly exportName?: string | undefined;
  /** Set to query the ranges of zeros with `ranges`. If absent, `ranges` yields the complete export as one range. */
  readonly map?: true | undefined;
  /**
   * The code of the error if the server cannot be reached or closes the connection: `unavailable` (the default) for a
   * server that this program started, `unreadable` for a server that the user named as an image.
   */
  readonly lossCode?: 'unavailable' | 'unreadable' | undefined;
  /** The time limit for connecting, including the handshake, and for each later request, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Ends the connection when the signal fires. Pending and later calls then reject with an `aborted` error. */
  readonly signal?: AbortSignal | undefined;
}

/** The defaults of {@link ConnectNbdOptions}. */
export const CONNECT_NBD_DEFAULTS = { exportName: '', lossCode: 'unavailable', timeoutMs: 60_000 } as const;

/**
 * Connects to an export of an NBD server. The caller closes the connection.
 *
 * Protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 *
 * @param address path of a Unix socket, or a TCP address
 * @throws `unreadable` if the server refuses the export, if TLS was requested and fails or is not supported, or if the
 *   server requires TLS; `lossCode` if the server cannot be reached or closes the connection; `unavailable` if it does
 *   not complete the handshake in time or breaks the protocol; `aborted` if the signal fires.
 */
export async function connectNbd(address: NbdAddress, options: ConnectNbdOptions): Promise<NbdConnection> {
  const { component, image, map, signal } = options;
  const exportName = options.exportName ?? CONNECT_NBD_DEFAULTS.exportName;
  const lossCode = options.lossCode ?? CONNECT_NBD_DEFAULTS.lossCode;
  const timeoutMs = options.timeoutMs ?? CONNECT_NBD_DEFAULTS.timeoutMs;
  const errorContext: ErrorContext = { component, image };
  const socket = new NbdSocket(address, { errorContext, lossCode, signal });
  const timer = setTimeout(() => {
    const happened = `the NBD server did not complete the handshake within ${timeoutMs / 1000} s; try again`;
    socket.fail(readError(errorContext, 'unavailable', happened));
  }, timeoutMs);
  let nbdExport: NbdExport;
  try {
    const startTls = typeof address === 'object' && address.tls !== undefined ? () => socket.startTls() : undefined;
    nbdExport = await shakeHands(socket, { exportName, map, startTls }, errorContext);
  } catch (thrown) {
    await socket.end(readError(errorContext, 'unavailable', 'the connection was closed'));
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
  return new NbdConnection(socket, nbdExport, errorContext, timeoutMs);
}
