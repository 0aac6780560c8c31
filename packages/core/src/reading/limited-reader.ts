import type { DiskImage, DiskStream, Extent, ImageIdentity } from '../contracts/disk-image.js';
import type {
  DiagnosisRun,
  DiskReader,
  DiskSource,
  IdentifiedSource,
  PartDiagnosis,
  ReaderSession,
  ReadOptions,
} from '../contracts/disk-reader.js';
import { Limit } from './limit.js';

/**
 * Wraps a reader so that each asynchronous call fails with `unavailable` when it exceeds the time limit, and with
 * `aborted` when its signal fires, if it has a signal. The reader runs in this thread, so an endless loop without
 * `await` cannot be stopped.
 */
export class LimitedReader implements DiskReader {
  readonly fallback?: true;
  readonly extensions?: readonly string[];
  readonly formats?: readonly string[];
  readonly readerOf?: (identity: ImageIdentity) => string | undefined;
  readonly diagnose?: (run: DiagnosisRun) => Promise<PartDiagnosis>;
  readonly partsIn?: (directory: string, names: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly imagesIn?: (source: DiskSource) => Promise<readonly string[] | undefined>;
  readonly startSession?: (images: readonly IdentifiedSource[], options: ReadOptions) => ReaderSession;
  readonly #reader: DiskReader;
  readonly #limit: Limit;

  /** @param pluginTimeout seconds for each answer; 0 for no limit */
  constructor(name: string, reader: DiskReader, pluginTimeout: number) {
    this.#reader = reader;
    this.#limit = new Limit('reader', name, pluginTimeout);
    if (reader.fallback !== undefined) {
      this.fallback = reader.fallback;
    }
    if (reader.extensions) {
      this.extensions = reader.extensions;
    }
    if (reader.formats) {
      this.formats = reader.formats;
    }
    if (reader.readerOf) {
      this.readerOf = (identity) => reader.readerOf!(identity);
    }
    if (reader.diagnose) {
      this.diagnose = (run) => this.#limit.on(reader.diagnose!(run), run.signal);
    }
    if (reader.partsIn) {
      this.partsIn = (directory, names) => this.#limit.on(reader.partsIn!(directory, names));
    }
    if (reader.imagesIn) {
      this.imagesIn = (source) => this.#limit.on(reader.imagesIn!(source));
    }
    if (reader.startSession) {
      this.startSession = (images, options) => this.#limitSession(reader.startSession!(images, options));
    }
  }

  identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined> {
    return this.#limit.onCall(() => this.#reader.identify(source, options), options.signal);
  }

  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream> {
    return this.#open(this.#reader, { source, identity }, options);
  }

  async #open(
    opener: Pick<DiskReader, 'open'>,
    { source, identity }: IdentifiedSource,
    options: ReadOptions,
  ): Promise<DiskImage | DiskStream> {
    let opening: Promise<DiskImage | DiskStream> | undefined;
    try {
      opening = opener.open(source, identity, options);
      const opened = await this.#limit.on(opening, options.signal);
      return 'readNext' in opened
        ? new LimitedStream(opened, this.#limit, options.signal)
        : new LimitedImage(opened, this.#limit, options.signal);
    } catch (thrown) {
      // An image that opens too late has no other owner to close it.
      opening?.then((late) => late.close()).catch(() => {});
      throw thrown;
    }
  }

  #limitSession(session: ReaderSession): ReaderSession {
    return {
      open: (source, identity, options) => this.#open(session, { source, identity }, options),
      close: () => this.#limit.on(session.close()),
    };
  }
}

/** Wraps an image with the time limit. An abort does not interrupt closing. */
class LimitedImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #image: DiskImage;
  readonly #limit: Limit;
  readonly #signal: AbortSignal | undefined;

  constructor(image: DiskImage, limit: Limit, signal: AbortSignal | undefined) {
    this.virtualSize = image.virtualSize;
    this.identity = image.identity;
    this.#image = image;
    this.#limit = limit;
    this.#signal = signal;
  }

  extents(): AsyncIterable<Extent> {
    return this.#limit.onEach(this.#image.extents(), this.#signal);
  }

  read(target: Uint8Array, position: number): Promise<void> {
    return this.#limit.on(this.#image.read(target, position), this.#signal);
  }

  close(): Promise<void> {
    return this.#limit.on(this.#image.close());
  }
}

/** Wraps a stream like {@link LimitedImage}. */
class LimitedStream implements DiskStream {
  readonly identity: ImageIdentity;
  readonly #stream: DiskStream;
  readonly #limit: Limit;
  readonly #signal: AbortSignal | undefined;

  constructor(stream: DiskStream, limit: Limit, signal: AbortSignal | undefined) {
    this.identity = stream.identity;
    this.#stream = stream;
    this.#limit = limit;
    this.#signal = signal;
  }

  readNext(target: Uint8Array): Promise<number> {
    return this.#limit.on(this.#stream.readNext(target), this.#signal);
  }

  close(): Promise<void> {
    return this.#limit.on(this.#stream.close());
  }
}
