import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import type { CommandLine, FaultCase } from '../fault-case.js';
import { GOOD_IMAGES, type Stage } from '../stage.js';

const BLOCK = 65_536;
/**
 * Values of `--plugin-timeout`, in seconds: a short limit for plugins that never return, in which even a busy machine
 * can load them; and a long limit for all other plugins.
 */
const [SHORT_TIMEOUT, LONG_TIMEOUT] = ['5', '120'];
const LOOP = 'for (;;);';
const THROW = "throw new Error('out of order');";
/**
 * What a reader does instead of a loop: readers run in the main thread, where nothing can interrupt an endless loop.
 */
const WAIT = 'await new Promise(() => {});';

/** Files that a program might load from its working directory. */
const BAIT_FILES = [
  'virt-similarity.config.mjs',
  '.virt-similarityrc.js',
  'virt-similarity.mjs',
  'node_modules/virt-similarity-plugin/index.js',
];

/**
 * Returns the text of a plugin with a hasher, metric, clusterer and reporter that run `action` when they are called,
 * and a reader that runs `reading`.
 */
function pluginText(name: string, action: string, reading: string): string {
  return `
class Reader {
  async identify(source, { isChosen }) {
    if (!isChosen) return undefined;
    ${reading}
  }
  async open() { ${reading} }
}
class Hasher { digestLength = 1; hash() { ${action} } }
class Metric { unit = 'blocks'; alignment = 'position'; distance() { ${action} } }
class Clusterer { linkages = ['single']; cluster() { ${action} } }
class Reporter { extension = '.${name}'; mediaType = 'text/plain'; *report() { ${action} } }
export default {
  name: '${name}', url: import.meta.url,
  readers: { '${name}': Reader }, hashers: { '${name}': Hasher }, metrics: { '${name}': Metric }, clusterers: { '${name}': Clusterer }, reporters: { '${name}': Reporter },
};
`;
}

/**
 * Returns runs on the good images: one with each part of the plugin `name`, and one with the plugin `name`-at-once,
 * which throws or loops while it is loaded.
 */
function everyPart(name: string, exit: number): CommandLine[] {
  const parts: readonly (readonly [option: string, errors: number])[] = [
    // A reader fails for each image, but a hasher is tried only once.
    ['--reader', 2],
    ['--hash', 1],
    ['--metric', 1],
    ['--clusterer', 1],
    ['-O', 1],
  ];
  const words = [
    'analyze',
    '--no-cache',
    '--plugin-timeout',
    exit === 3 ? LONG_TIMEOUT : SHORT_TIMEOUT,
    ...GOOD_IMAGES,
  ];
  return [
    ...parts.map(([option, errors]) => ({
      words: [...words, '--plugin', `./${name}.mjs`, option, name],
      exit,
      errors,
    })),
    { words: [...words, '--plugin', `./${name}-at-once.mjs`], exit },
  ];
}

/** Code in the working directory, and plugins that throw or hang. */
export const PLUGINS: readonly FaultCase[] = [
  {
    number: 55,
    title: 'loads no code that was not named, and reports plugins that throw or hang',
    readers: ['auto'],
    exit: 7,
    build: async (stage) => {
      const loaded = `${stage.root}/loaded`;
      await writeBait(stage, loaded);
      await writeFile(join(stage.work, 'throws.mjs'), pluginText('throws', THROW, THROW));
      await writeFile(join(stage.work, 'loops.mjs'), pluginText('loops', LOOP, WAIT));
      await writeFile(join(stage.work, 'throws-at-once.mjs'), THROW);
      await writeFile(join(stage.work, 'loops-at-once.mjs'), LOOP);
      await writeFile(stage.image('disk.raw'), deterministicBytes('plugins', BLOCK));
      return {
        commands: [
          { ...stage.analyze([stage.image('disk.raw')]), exit: 0 },
          ...everyPart('throws', 3),
          ...everyPart('loops', 7),
        ],
        check: async () => {
          await assert.rejects(access(loaded), 'code in the working directory ran');
        },
      };
    },
  },
];

/** Writes modules and configuration files to the working directory. A module that is loaded creates `marker`. */
async function writeBait(stage: Stage, marker: string): Promise<void> {
  const text = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, ''); export default { name: 'bait' };`;
  await mkdir(join(stage.work, 'node_modules/virt-similarity-plugin'), { recursive: true });
  for (const name of BAIT_FILES) {
    await writeFile(join(stage.work, name), text);
  }
  await writeFile(join(stage.work, 'virt-similarity.json'), JSON.stringify({ plugins: ['./virt-similarity.mjs'] }));
  const manifest = { type: 'module', 'virt-similarity': { plugins: ['./virt-similarity.mjs'] } };
  await writeFile(join(stage.work, 'package.json'), JSON.stringify(manifest));
}
