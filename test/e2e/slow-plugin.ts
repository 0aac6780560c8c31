import type { Workplace } from './command.js';

/** The options that load the plugin of {@link writeSlowPlugin} and select its hasher. */
export const SLOW = ['--plugin', './slow.mjs', '--hash', 'slow', '--block-size', '512'] as const;

/** Writes a plugin with a hasher that takes `milliseconds` for every block that is not all zeros. */
export async function writeSlowPlugin(workplace: Workplace, milliseconds: number): Promise<void> {
  await workplace.write(
    'slow.mjs',
    `
class SlowHasher {
  digestLength = 1;
  hash(block, digest) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${milliseconds});
    digest[0] = block[0];
  }
}
export default { name: 'slow', url: import.meta.url, hashers: { slow: SlowHasher } };
`,
  );
}
