/**
 * Builds a small family of disk images in demo/images, analyses it with the command, and lists the resulting files.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workingSandbox } from '@virt-similarity/image-tools';
import { diskFamily, ext4, hasTool, plainContent, rawFamily } from '../test/dist/fixtures/index.js';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const DIRECTORY = 'demo';
const IMAGES = join(DIRECTORY, 'images');
const MANIFEST = join(DIRECTORY, 'family.json');
const COMMAND = 'packages/cli/bin/virt-similarity.js';
const REPORTS = ['report.html', 'tree.nwk', 'tree.dot', 'report.json'];

const hasQemu = (await hasTool('qemu-img')) && (await hasTool('qemu-io'));
const hasSandbox = (await workingSandbox()).works;
const hasExt4Tools = (await hasTool('mke2fs')) && (await hasTool('debugfs'));

async function main() {
  const members = (await previousMembers()) ?? (await build());
  printMembers(members);
  if (hasQemu && !hasSandbox) {
    console.log(
      '\nbubblewrap is missing or does not work here. The demo runs qemu without a sandbox, because it trusts its images.',
    );
  }
  const status = analyze(members.map(({ path }) => path));
  if (status !== 0) {
    console.error(`demo: the analysis failed with exit code ${status}`);
    return status;
  }
  printResults();
  return 0;
}

async function build() {
  console.log(`Building disk images in ${IMAGES} (a few seconds) …`);
  if (!hasExt4Tools) {
    console.log('mke2fs or debugfs is missing (Debian: e2fsprogs): the images contain plain files instead of ext4.');
  }
  if (!hasQemu) {
    console.log('qemu-img or qemu-io is missing (Debian: qemu-utils): the demo builds raw images only.');
  }
  await rm(IMAGES, { recursive: true, force: true });
  const buildFamily = hasQemu ? diskFamily : rawFamily;
  const members = await buildFamily(hasExt4Tools ? ext4 : plainContent, IMAGES);
  await writeFile(MANIFEST, JSON.stringify({ recipe: await recipe(), members }, undefined, 2));
  return members;
}

/** Returns the images of an earlier run if they were built from the same recipe, so that the cache applies to them. */
async function previousMembers() {
  if (!existsSync(MANIFEST)) {
    return undefined;
  }
  const { recipe: previous, members } = JSON.parse(await readFile(MANIFEST, 'utf8'));
  const complete = members.every(({ path }) => existsSync(path));
  return complete && previous === (await recipe()) ? members : undefined;
}

async function recipe() {
  const hash = createHash('sha256').update(JSON.stringify({ hasQemu, hasExt4Tools }));
  const fixtures = new URL('../test/dist/fixtures/', import.meta.url);
  for (const file of (await readdir(fixtures)).filter((name) => name.endsWith('.js')).sort()) {
    hash.update(await readFile(new URL(file, fixtures)));
  }
  return hash.digest('hex');
}

function printMembers(members) {
  const width = Math.max(...members.map(({ path }) => basename(path).length));
  console.log('\nThe family:');
  for (const { path, story } of members) {
    console.log(`  ${basename(path).padEnd(width)}  ${story}`);
  }
}

/** Runs the command as a user would, with output to this terminal. Returns its exit code. */
function analyze(paths) {
  const outputs = REPORTS.flatMap((name) => ['-o', join(DIRECTORY, name)]);
  const sandbox = hasQemu && !hasSandbox ? ['--no-sandbox'] : [];
  const options = ['--cache', join(DIRECTORY, 'similarity-cache'), ...sandbox, ...outputs];
  console.log(`\n$ virt-similarity ${[...options, ...paths].join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [COMMAND, ...options, ...paths], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status ?? 1;
}

function printResults() {
  const hints = {
    'tree.nwk': 'the same tree for phylogenetics viewers: FigTree, Dendroscope, R (ape), Python (dendropy)',
    'tree.names.tsv': "the image names for the tree's labels",
    'report.html': 'the tree, the distances and the images, to explore in a browser',
    'tree.dot': 'the same tree for Graphviz: dot -Tsvg demo/tree.dot -o demo/tree.svg',
    'report.json': 'the complete analysis: images, distances, merges, cladogram',
  };
  console.log('\nClones are next to their original. With --heights, the tree shows the distance at which groups join.');
  console.log(`The images are in ${IMAGES}. The reports are:`);
  for (const [name, hint] of Object.entries(hints)) {
    if (existsSync(join(DIRECTORY, name))) {
      console.log(`  ${join(DIRECTORY, name).padEnd(20)}  ${hint}`);
    }
  }
  console.log(
    'If you run the demo again, it reads the hash vectors from demo/similarity-cache. You can delete demo/ at any time.',
  );
}

process.exitCode = await main();
