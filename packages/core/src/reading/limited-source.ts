import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import { Limit } from './limit.js';

/** Wraps a source so that it has the time limit for each image; it runs in this thread, as a reader does. */
export class LimitedSource implements ImageSource {
  readonly #source: ImageSource;
  readonly #limit: Limit;

  /** @param pluginTimeout seconds for each image; 0 for no limit */
  constructor(name: string, source: ImageSource, pluginTimeout: number) {
    this.#source = source;
    this.#limit = new Limit('source', name, pluginTimeout);
  }

  list(named: readonly NamedImages[], options: ListOptions): AsyncIterable<ListedImage> {
    return this.#limit.onEach(this.#listed(named, options), options.signal);
  }

  async *#listed(named: readonly NamedImages[], options: ListOptions): AsyncGenerator<ListedImage> {
    // As in `Limit.onAsking`.
    await new Promise(setImmediate);
    yield* this.#source.list(named, options);
  }
}
