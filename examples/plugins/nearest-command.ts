import {
  type Command,
  type CommandContext,
  type OptionDeclarations,
  openHashVector,
  type Plugin,
  terminalText,
  type ValuesOf,
} from '@virt-similarity/core';

const OPTIONS = {
  count: { type: 'number', whole: true, min: 1, default: 5, short: 'n', description: 'list this many vectors' },
} as const satisfies OptionDeclarations;

/**
 * Lists the hash-vector files that are nearest to an image. Compares the image with each file, but no file with
 * another.
 */
export class NearestCommand implements Command {
  readonly summary = 'list the hash-vector files that are nearest to an image';
  readonly usage = '[options] IMAGE VECTOR.arrow…';
  readonly options = OPTIONS;
  readonly operands = { min: 2 };

  async run({ operands: [image = '', ...files], options, analyzer, write, signal }: CommandContext): Promise<number> {
    const { count } = options as ValuesOf<typeof OPTIONS>;
    const stages = await analyzer();
    const stored = await Promise.all(files.map((file) => openHashVector(file, { signal })));
    const { algorithm: hasher, blockSize } = stored[0]!;
    for await (const { vector, error } of stages.hash([image], { hasher, blockSize, signal })) {
      if (vector === undefined) {
        throw error;
      }
      const { distances, unit } = await stages.compareWith([vector], stored, { signal });
      const lines = stored
        .map(({ name }, index) => ({ name, distance: distances[index]! }))
        .sort((one, other) => one.distance - other.distance)
        .map(({ name, distance }) => `${distance} ${unit}: ${terminalText(name)}\n`);
      await write(lines.slice(0, count));
    }
    return 0;
  }
}

export default {
  name: 'nearest-command',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  commands: { nearest: NearestCommand },
} satisfies Plugin;
