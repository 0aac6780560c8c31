import { CallbackError } from '../call-back.js';
import type { DiskImage, DiskStream, ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReaderSession, ReadOptions } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { asNote, wording, wordingOf } from '../errors.js';

/** Opens images of one reader, in a session if the reader has sessions. */
export class ImageOpener implements ReaderSession {
  readonly #reader: NamedPart<DiskReader>;
  readonly #images: readonly IdentifiedSource[];
  readonly #options: ReadOptions;
  #hasStarted = false;
  #session: ReaderSession | undefined;

  /** @param images the images to announce to the session, which starts when the first image is opened */
  constructor(reader: NamedPart<DiskReader>, images: readonly IdentifiedSource[], options: ReadOptions) {
    this.#reader = reader;
    this.#images = images;
    this.#options = options;
  }

  /**
   * As {@link DiskReader.open}.
   *
   * @throws also what starting the session throws.
   */
  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream> {
    const { part } = this.#reader;
    if (!this.#hasStarted) {
      this.#session = part.startSession?.(this.#images, this.#options);
    }
    this.#hasStarted = true;
    return (this.#session ?? part).open(source, identity, options);
  }

  /**
   * Ends the session, if it was started. Reports a failure as a warning, since it affects no outcome.
   *
   * @throws `CallbackError` if a callback throws.
   */
  async close(): Promise<void> {
    const failure = await this.#session?.close().then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    );
    // A callback's error must end the run. Therefore, neither this error nor an error that the warning below throws is
    // caught here.
    if (failure?.thrown instanceof CallbackError) {
      throw failure.thrown;
    }
    if (failure !== undefined) {
      const message = wording`[${this.#reader.name}] cannot end its session: ${wordingOf(failure.thrown)}`;
      this.#options.warn?.(...asNote(message));
    }
  }
}
