import type { ListOptions } from '@virt-similarity/core';
import {
  type ImageSource,
  type ListedImage,
  type NamedImages,
  throwIfAborted,
  VirtSimilarityError,
  wording,
} from '@virt-similarity/core';
import { type NbdScheme, parseNbdUri } from './nbd-uri.js';

/** Lists URIs of exports, which the reader `nbd` reads. It is registered as `SCHEME://`. */
export class NbdSource implements ImageSource {
  readonly #scheme: NbdScheme;

  constructor(scheme: NbdScheme) {
    this.#scheme = scheme;
  }

  /**
   * Lists the exports without connecting to their servers.
   *
   * @throws `usage` if a word does not make a valid NBD URI with the scheme, or has a stated format other than raw;
   * `aborted`.
   */
  async *list(named: readonly NamedImages[], { signal }: ListOptions): AsyncGenerator<ListedImage> {
    for (const { word, ...stated } of named) {
      throwIfAborted(signal);
      const path = `${this.#scheme}://${word}`;
      parseNbdUri(path);
      requireRaw(path, stated.format);
      yield { path, ...stated };
    }
  }
}

function requireRaw(image: string, format: string | undefined): void {
  if (format !== undefined && format !== 'raw') {
    const problem = `[nbd] cannot read ${image} as ${format}: the bytes of an NBD export are the guest's`;
    const remedy = wording`name it with ${{ option: 'format', value: 'raw' }}, and let the server decode ${format}`;
    throw new VirtSimilarityError('usage', wording`${problem}; ${remedy}`, { image });
  }
}
