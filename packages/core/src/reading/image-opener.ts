import type { DiskImage, ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReaderSession, ReadOptions } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { asNote, wording, wordingOf } from '../errors.js';

/** Opens images of one reader: through a session where the reader has such, else through the reader itself. */
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

  /** Ends the session. A failure is worth a warning, as all images are done. */
  async close(): Promise<void> {
    try {
      await this.#session?.close();
    } catch (thrown) {
      const message = wording`[${this.#reader.name}] cannot end its session: ${wordingOf(thrown)}`;
      this.#options.warn?.(...asNote(message));
    }
  }
}
