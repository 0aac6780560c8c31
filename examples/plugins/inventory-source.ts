import { readFile } from 'node:fs/promises';
import type { ImageSource, ListedImage, ListOptions, NamedImages, PartContext, Plugin } from '@virt-similarity/core';
import { excerptOf, messageOf, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core/errors';

/** Lists the disks of machines by the names in a JSON file: `{ "web": { "disk": "/srv/web.img", "format": "raw" } }`. */
export class InventorySource implements ImageSource {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async *list(named: readonly NamedImages[], { signal }: ListOptions): AsyncGenerator<ListedImage> {
    const machines = await this.#machines(signal);
    for (const { word, ...stated } of named) {
      throwIfAborted(signal);
      const machine = machines.get(word);
      if (machine === undefined) {
        const expected = `expected one of the ${machines.size} machines in ${this.#file}`;
        throw new VirtSimilarityError('usage', `${expected}, found ${excerptOf(word)}`);
      }
      // The format and label that the user stated come last, so that they take precedence over the inventory.
      yield { path: machine.disk, format: machine.format, label: word, ...stated };
    }
  }

  async #machines(signal: AbortSignal | undefined): Promise<Map<string, { disk: string; format: string }>> {
    try {
      return new Map(Object.entries(JSON.parse(await readFile(this.#file, { encoding: 'utf8', signal }))));
    } catch (cause) {
      throwIfAborted(signal);
      const problem = `cannot read the inventory ${this.#file}: ${messageOf(cause)}`;
      throw new VirtSimilarityError('unreadable', `${problem}; check the plugin's option file`, { cause });
    }
  }
}

export default {
  name: 'inventory-source',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  options: { file: { type: 'file', default: 'inventory.json', description: 'the JSON file with the machines' } },
  sources: {
    // A factory takes from its context what would be injected into a class.
    inventory: { create: ({ options }: PartContext<ImageSource>) => new InventorySource(String(options.file)) },
  },
} satisfies Plugin;
