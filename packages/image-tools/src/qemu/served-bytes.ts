import { connectNbd } from '../nbd/connect-nbd.js';
import type { NbdConnection } from '../nbd/nbd-connection.js';
import { createRunDirectory, type RunDirectory } from '../processes/run-directory.js';
import { requireSameSize } from './image-info.js';
import type { InspectedImage } from './inspected-image.js';
import { type NbdServer, startNbdServer } from './nbd-server.js';
import { alsoEndedBy, type QemuCall } from './qemu-call.js';

/** The number of connections to one server, if the server allows several. */
const CONNECTIONS = 2;

/** The guest-visible bytes of an image, read through qemu-nbd. The first read starts the server. */
export class ServedBytes {
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #closing = new AbortController();
  #connections: Promise<readonly NbdConnection[]> | undefined;
  #server: NbdServer | undefined;
  #runDirectory: RunDirectory | undefined;
  /** Reads started so far. */
  #reads = 0;

  constructor(image: InspectedImage, call: QemuCall) {
    this.#image = image;
    this.#call = alsoEndedBy(call, this.#closing.signal);
  }

  /**
   * Fills `target` with the bytes from `position` on.
   *
   * @throws as `createRunDirectory`, `startNbdServer`, `connectNbd`, `requireSameSize` and `NbdConnection.read`.
   */
  async read(target: Uint8Array, position: number): Promise<void> {
    this.#connections ??= this.#start();
    const connections = await this.#connections;
    this.#reads += 1;
    await connections[this.#reads % connections.length]!.read(target, position);
  }

  /** Stops the server and removes its directory. Pending reads fail with `aborted`. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    const connections = (await this.#connections?.catch(() => undefined)) ?? [];
    await Promise.all(connections.map((connection) => connection.close()));
    await this.#server?.close();
    await this.#runDirectory?.remove();
  }

  async #start(): Promise<readonly NbdConnection[]> {
    this.#runDirectory = await createRunDirectory();
    const options = { ...this.#call, clients: CONNECTIONS, runDirectory: this.#runDirectory };
    this.#server = await startNbdServer(this.#image, options);
    const { socketPath } = this.#server;
    const first = await connectNbd(socketPath, this.#call);
    requireSameSize(first.size, this.#image, this.#call);
    if (!first.allowsMoreConnections) {
      return [first];
    }
    const others = Array.from({ length: CONNECTIONS - 1 }, () => connectNbd(socketPath, this.#call));
    return [first, ...(await Promise.all(others))];
  }
}
