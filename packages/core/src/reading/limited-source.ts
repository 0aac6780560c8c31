import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import { brokenContract } from '../errors.js';
import { Limit } from './limit.js';

/** Lists of one source that are made at the same time: more are those of sources that ask each other without end. */
const MOST_UNDER_WAY = 100;

/** Wraps a source so that it has the time limit for each image; it runs in this thread, as a reader does. */
export class LimitedSource implements ImageSource {
  readonly #source: ImageSource;
  readonly #name: string;
  readonly #limit: Limit;
  #underWay = 0;

  /** @param pluginTimeout seconds for each image; 0 for no limit */
  constructor(name: string, source: ImageSource, pluginTimeout: number) {
    this.#name = name;
    this.#source = source;
    this.#limit = new Limit('source', name, pluginTimeout);
  }

  list(named: readonly NamedImages[], options: ListOptions): AsyncIterable<ListedImage> {
    return this.#limit.onEach(this.#listed(named, options), options.signal);
  }

  async *#listed(named: readonly NamedImages[], options: ListOptions): AsyncGenerator<ListedImage> {
    if (this.#underWay === MOST_UNDER_WAY) {
      throw brokenContract(this.#name, 'an end of sources that ask each other', 'none', 'source');
    }
    this.#underWay++;
    try {
      // As in `Limit.onAsking`.
      await new Promise(setImmediate);
      yield* this.#source.list(named, options);
    } finally {
      this.#underWay--;
    }
  }
}
