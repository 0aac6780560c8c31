import { CallbackError } from '../call-back.js';
import type { DiskImage, ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReaderSession, ReadOptions } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { asNote, wording, wordingOf } from '../errors.js';

/** Opens images of one reader: in a session if the reader has sessions, otherwise by the reader itself. */
export class ImageOpener implements ReaderSession {
  readonly #reader: NamedPart<DiskReader>;
  readonly #images: readonly IdentifiedSource[];
  readonly #options: ReadOptions;
  #hasBegun = false;
  #session: ReaderSession | undefined;

  /** @param images all that are going to be opened; the session is begun when the first of them is */
  constructor(reader: NamedPart<DiskReader>, images: readonly IdentifiedSource[], options: ReadOptions) {
    this.#reader = reader;
    this.#images = images;
    this.#options = options;
  }

  /**
   * As {@link DiskReader.open}.
   *
   * @throws also what beginning the session throws.
   */
  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage> {
    const { part } = this.#reader;
    if (!this.#hasBegun) {
      this.#session = part.startSession?.(this.#images, this.#options);
    }
    this.#hasBegun = true;
    return (this.#session ?? part).open(source, identity, options);
  }

  /** Ends the session. A failure is worth a warning only, as all images are done. */
  async close(): Promise<void> {
    const failure = await this.#session?.close().then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    );
    // Outside of what is caught: the warning may throw, and that is for the run.
    if (failure?.thrown instanceof CallbackError) {
      throw failure.thrown;
    }
    if (failure !== undefined) {
      const message = wording`[${this.#reader.name}] cannot end its session: ${wordingOf(failure.thrown)}`;
      this.#options.warn?.(...asNote(message));
    }
  }
}
