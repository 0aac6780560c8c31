import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemPath } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { READERS } from '../../harness/readers.js';
import { expectContent } from '../expect-content.js';
import { expectReports } from '../expect-reports.js';
import type { FaultCase } from '../fault-case.js';
import { createQcow2, writeGuest } from '../inputs/qcow2.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;

/** Returns a case of valid raw images in the working directory, with names that a program could misinterpret. */
function named(number: number, title: string, names: readonly string[]): FaultCase {
  return {
    number,
    title: `names: keeps ${title}`,
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      for (const [index, name] of names.entries()) {
        await writeFile(join(stage.work, name), deterministicBytes(`name ${index}`, 2 * BLOCK));
      }
      // `--` precedes the names, since some begin with a hyphen.
      return {
        ...stage.trial(['--', ...names]),
        check: async (ends) => expectReports(stage, ends.at(-1)!, names),
      };
    },
  };
}

/** Names that programs could interpret as options or protocols. */
const OPTIONS_AND_PROTOCOLS = [
  '-U',
  '--format',
  '-.raw',
  'json:{}',
  'json:{"driver":"null-co"}.raw',
  'nbd:127.0.0.1:1.raw',
  'file,format=raw.raw',
];

/** Images whose names are not UTF-8. */
interface NonUtf8Images {
  /** A directory with an ASCII name. The command is given the directory, and lists the images in it. */
  readonly directory: string;
  /** The other images as words of bash, because Node.js cannot pass a name that is not UTF-8 to a program. */
  readonly shellWords: string;
  /** The names of all images in reports. */
  readonly paths: readonly string[];
  /** The name of the hash-vector file of one of the images, and the content of that image. */
  readonly vector: readonly [name: string, content: Buffer];
}

async function writeNonUtf8Images({ root, work, reader }: Stage): Promise<NonUtf8Images> {
  const directory = join(root, 'images');
  const content = deterministicBytes('not UTF-8', 2 * BLOCK);
  const inDirectory = `${directory}/\udcff\udcfe.raw`;
  const beside = 'caf\udce9.raw';
  for (const path of [inDirectory, join(work, beside)]) {
    await writeFile(systemPath(path), content);
  }
  const shared = { directory, vector: ['\udcff\udcfe.raw.arrow', content] } as const;
  if (reader === 'raw') {
    return { ...shared, shellWords: `$'caf\\xe9.raw'`, paths: [inDirectory, beside] };
  }
  // The name of the chain's directory is not UTF-8; the names in the headers are relative. qemu-nbd reads the chain.
  const chain = join(directory, 'chain');
  await mkdir(chain);
  await createQcow2(join(chain, 'base.qcow2'), { creation: 'compression_type=zstd' });
  await writeGuest(join(chain, 'base.qcow2'), [1, 0, '512k'], 'compressed');
  await createQcow2(join(chain, 'top.qcow2'), { backing: 'base.qcow2', backingFormat: 'qcow2' });
  await writeGuest(join(chain, 'top.qcow2'), [2, BLOCK, '64k']);
  await rename(chain, systemPath(`${chain}\udce9`));
  const paths = [inDirectory, beside, `${chain}\udce9/base.qcow2`, `${chain}\udce9/top.qcow2`];
  return { ...shared, shellWords: `$'caf\\xe9.raw' ${chain}$'\\xe9'`, paths };
}

/** Images with names that are dangerous to print or to pass to other programs. */
export const NAMES: readonly FaultCase[] = [
  named(49, 'newlines and escape sequences', [
    'two\nlines.raw',
    'red\u001b[31m.raw',
    'title\u001b]0;owned\u0007.raw',
    'back\rspace\b.raw',
    'c1\u009b2J.raw',
    'right\u202eto-left.raw',
  ]),
  named(50, 'quotes and markup', [
    `single'.raw`,
    'double".raw',
    'back`tick`.raw',
    '$(touch owned).raw',
    '<script>alert(1)<', // no slash can be in a name
    '--><!--.raw',
    '&amp;.raw',
    'trailing\\',
  ]),
  named(51, 'the syntax of DOT and Newick', [
    'a;b.raw',
    '(a,b)c:1.raw',
    "it's [a] comment.raw",
    'under_score blank.raw',
    '{n0 -> n1}.raw',
    '\\N\\l\\G.raw',
    'tab\there.raw',
  ]),
  {
    ...named(52, 'names like options and protocols, and names not in UTF-8', OPTIONS_AND_PROTOCOLS),
    build: async (stage) => {
      const { directory, shellWords, paths, vector } = await writeNonUtf8Images(stage);
      const { commands } = await named(52, '', OPTIONS_AND_PROTOCOLS).build(stage);
      const words = ['--', ...OPTIONS_AND_PROTOCOLS, directory];
      const wrapper = ['bash', '-c', `exec "$@" ${shellWords}`, 'bash'];
      return {
        commands: [stage.hash(['--', directory], { wrapper }), ...commands, stage.analyze(words, { wrapper })],
        check: async (ends) => {
          await expectContent(stage.output(vector[0]), vector[1]);
          await expectReports(stage, ends.at(-1)!, [...OPTIONS_AND_PROTOCOLS, ...paths]);
        },
      };
    },
  },
];
