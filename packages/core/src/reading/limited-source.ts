import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import { brokenContract } from '../errors.js';
import { Limit } from './limit.js';

/** The most listings of one source at the same time. Only sources that call each other endlessly should need more. */
const MAX_CONCURRENT = 100;

/**
 * Wraps a source with the time limit for each image and for a diagnosis. Like an isolated plugin's reader, the source
 * runs in this thread.
 */
export class LimitedSource implements ImageSource {
  readonly #source: ImageSource;
  readonly #name: string;
  readonly #limit: Limit;
  readonly diagnose?: NonNullable<ImageSource['diagnose']>;
  #running = 0;

  /** @param pluginTimeout seconds for each image and for a diagnosis; 0 for no limit */
  constructor(name: string, source: ImageSource, pluginTimeout: number) {
    this.#name = name;
    this.#source = source;
    this.#limit = new Limit('source', name, pluginTimeout);
    if (source.diagnose) {
      this.diagnose = (run) => this.#limit.on(source.diagnose!(run), run.signal);
    }
  }

  list(named: readonly NamedImages[], options: ListOptions): AsyncIterable<ListedImage> {
    return this.#limit.onEach(this.#listed(named, options), options.signal);
  }

  async *#listed(named: readonly NamedImages[], options: ListOptions): AsyncGenerator<ListedImage> {
    if (this.#running === MAX_CONCURRENT) {
      const found = `${MAX_CONCURRENT} listings at the same time`;
      throw brokenContract(this.#name, 'sources not to call each other endlessly', found, 'source');
    }
    this.#running++;
    try {
      // As in `Limit.onCall`.
      await new Promise(setImmediate);
      yield* this.#source.list(named, options);
    } finally {
      this.#running--;
    }
  }
}
