import { describe, test } from '@jest/globals';
import { type PluginCase, pluginContract } from '@virt-similarity/testing';

const addressOf = (name: string) => import.meta.resolve(name);
const HASHERS = addressOf('@virt-similarity/hashers');
const REPORTERS = addressOf('@virt-similarity/reporters');

const PLUGINS: readonly (readonly [name: string, module: string, given?: PluginCase])[] = [
  ['core', addressOf('@virt-similarity/core')],
  ['hashers', HASHERS],
  ['readers', addressOf('@virt-similarity/readers')],
  ['reporters', REPORTERS],
  [
    'a plugin with parts that need others, and options',
    new URL('../../fixtures/injecting-plugin.js', import.meta.url).href,
    { options: { salt: 7 }, beside: [HASHERS] },
  ],
];

for (const [name, module, given] of PLUGINS) {
  describe(`the contract of plugins: ${name}`, () => {
    for (const { title, run } of pluginContract(module, given)) {
      test(title, run);
    }
  });
}
