import type { DiskImage } from '../contracts/disk-image.js';
import type { DiskReader, IdentifiedSource, ReaderSession, ReadOptions } from '../contracts/disk-reader.js';
import { messageOf } from '../errors.js';

/** A source, who is going to read it, and what its content depended on when it was looked up. */
export interface AssignedSource extends IdentifiedSource {
  readonly reader: DiskReader;
  /** The reader's name. */
  readonly readerName: string;
}

/** Opens the images of one run: through a session of their reader where it has such, else through the reader itself. */
export class ReaderSessions {
  readonly #assigned: readonly AssignedSource[];
  readonly #options: ReadOptions;
  readonly #sessions = new Map<DiskReader, { readonly name: string; readonly session: ReaderSession | undefined }>();

  /** @param assigned all that is going to be opened; a session is begun when the first of its sources is */
  constructor(assigned: readonly AssignedSource[], options: ReadOptions) {
    this.#assigned = assigned;
    this.#options = options;
  }

  /** As {@link DiskReader.open}. Throws also what beginning the session throws. */
  async open({ source, reader, readerName, identity }: AssignedSource, options: ReadOptions): Promise<DiskImage> {
    if (!this.#sessions.has(reader)) this.#sessions.set(reader, { name: readerName, session: this.#begin(reader) });
    return (this.#sessions.get(reader)?.session ?? reader).open(source, identity, options);
  }

  /** Ends every session, also where ending another one fails: that is worth a warning, as all images are done. */
  async close(): Promise<void> {
    for (const { name, session } of this.#sessions.values()) {
      try {
        await session?.close();
      } catch (thrown) {
        this.#options.warn?.(`[${name}] cannot end its session: ${messageOf(thrown)}`);
      }
    }
  }

  #begin(reader: DiskReader): ReaderSession | undefined {
    const images = this.#assigned.filter((other) => other.reader === reader);
    return reader.startSession?.(images, this.#options);
  }
}
