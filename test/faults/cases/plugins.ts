import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import type { CommandLine, FaultCase } from '../fault-case.js';
import { GOOD_IMAGES, type Stage } from '../stage.js';

const BLOCK = 65_536;
/** Seconds that a plugin is given which never returns, enough to be loaded on a busy machine, and any other. */
const [SHORT_TIMEOUT, LONG_TIMEOUT] = ['5', '120'];
const LOOP = 'for (;;);';
const THROW = "throw new Error('out of order');";
/** Of a reader, which runs in the main thread, a loop can only be ended from outside. */
const WAIT = 'await new Promise(() => {});';

/** Names under which a program might look for code in the directory in which it is started. */
const TEMPTING = [
  'virt-similarity.config.mjs',
  '.virt-similarityrc.js',
  'virt-similarity.mjs',
  'node_modules/virt-similarity-plugin/index.js',
];

/** A plugin of each kind of part that does `deed` when it is called, and whose reader does `reading`. */
function pluginText(name: string, deed: string, reading: string): string {
  return `
class Reader {
  async identify(source, { isChosen }) {
    if (!isChosen) return undefined;
    ${reading}
  }
  async open() { ${reading} }
}
class Hasher { digestLength = 1; hash() { ${deed} } }
class Metric { unit = 'blocks'; alignment = 'position'; distance() { ${deed} } }
class Clusterer { linkages = ['single']; cluster() { ${deed} } }
class Reporter { extension = '.${name}'; mediaType = 'text/plain'; *report() { ${deed} } }
export default {
  name: '${name}', url: import.meta.url,
  readers: { '${name}': Reader }, hashers: { '${name}': Hasher }, metrics: { '${name}': Metric }, clusterers: { '${name}': Clusterer }, reporters: { '${name}': Reporter },
};
`;
}

/** The good images with every part of a plugin in turn, and with a plugin that does the same as soon as it is loaded. */
function everyPart(name: string, exit: number): CommandLine[] {
  const parts: readonly (readonly [option: string, errors: number])[] = [
    // Each image fails by itself, but a hasher is tried once for all of them.
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

/** Code that was not asked for, and code that does not do what it should. */
export const PLUGINS: readonly FaultCase[] = [
  {
    number: 55,
    title: 'plugins: in the working directory: not loaded; that throw: 3; that never return: 7',
    readers: ['auto'],
    exit: 7,
    build: async (stage) => {
      const loaded = `${stage.root}/loaded`;
      await writeTemptation(stage, loaded);
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
          await assert.rejects(access(loaded), 'code of the working directory ran');
        },
      };
    },
  },
];

async function writeTemptation(stage: Stage, marker: string): Promise<void> {
  const text = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, ''); export default { name: 'bait' };`;
  await mkdir(join(stage.work, 'node_modules/virt-similarity-plugin'), { recursive: true });
  for (const name of TEMPTING) {
    await writeFile(join(stage.work, name), text);
  }
  await writeFile(join(stage.work, 'virt-similarity.json'), JSON.stringify({ plugins: ['./virt-similarity.mjs'] }));
  const manifest = { type: 'module', 'virt-similarity': { plugins: ['./virt-similarity.mjs'] } };
  await writeFile(join(stage.work, 'package.json'), JSON.stringify(manifest));
}
