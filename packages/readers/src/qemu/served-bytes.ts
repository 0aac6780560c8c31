import type { InspectedImage } from '../inspection/inspected-image.js';
import { connectNbd } from '../nbd/connect-nbd.js';
import type { NbdConnection } from '../nbd/nbd-connection.js';
import { createRunDirectory, type RunDirectory } from '../processes/run-directory.js';
import { type NbdServer, startNbdServer } from './nbd-server.js';
import { alsoEndedBy, type QemuCall } from './qemu-call.js';

/** The guest-visible bytes of an image as qemu-nbd reads them. The server is started at the first read. */
export class ServedBytes {
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #closing = new AbortController();
  #connection: Promise<NbdConnection> | undefined;
  #server: NbdServer | undefined;
  #runDirectory: RunDirectory | undefined;

  constructor(image: InspectedImage, call: QemuCall) {
    this.#image = image;
    this.#call = alsoEndedBy(call, this.#closing.signal);
  }

  /** Fills `target` with the bytes from `position` on. Throws as `startNbdServer` and `NbdConnection.read`. */
  async read(target: Uint8Array, position: number): Promise<void> {
    this.#connection ??= this.#start();
    await (await this.#connection).read(target, position);
  }

  /** Ends the server; pending reads fail. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
    await this.#server?.close();
    await this.#runDirectory?.remove();
  }

  async #start(): Promise<NbdConnection> {
    this.#runDirectory = await createRunDirectory();
    this.#server = await startNbdServer(this.#image, { ...this.#call, clients: 1, runDirectory: this.#runDirectory });
    return await connectNbd(this.#server.socketPath, this.#call);
  }
}
