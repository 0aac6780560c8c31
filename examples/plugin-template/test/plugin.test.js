import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { analysisOfDistances, pluginContract, reporterContract, reportText } from '@virt-similarity/testing';
import plugin, { SummaryReporter } from '../dist/index.js';

const module = import.meta.resolve('../dist/index.js');
const beside = [import.meta.resolve('@virt-similarity/reporters')];
for (const { title, run } of pluginContract(module, { beside })) {
  test(`plugin: ${title}`, run);
}
for (const { title, run } of reporterContract(() => new SummaryReporter())) {
  test(`reporter: ${title}`, run);
}

test('lists the nearest image of each image', async () => {
  const analysis = await analysisOfDistances(['a', 'b|c'], [3]);
  assert.deepEqual((await reportText(new SummaryReporter().report(analysis, { unit: 'blocks' }))).split('\n'), [
    '| image | data in blocks | nearest image | distance in blocks |',
    '| --- | ---: | --- | ---: |',
    '| a | 1000 | b&#124;c | 3 |',
    '| b&#124;c | 1001 | a | 3 |',
    '',
  ]);
});

test('has the name, version and core range of its package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  assert.equal(plugin.name, manifest.name);
  assert.equal(plugin.version, manifest.version);
  assert.equal(plugin.core, manifest.peerDependencies['@virt-similarity/core']);
});
