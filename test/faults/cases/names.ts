import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { expectReports } from '../harness/expect-reports.js';
import { type FaultCase, READERS } from '../harness/fault-case.js';

const BLOCK = 65_536;

/** A case of sound raw images in the working directory, by names that something could take for more than a name. */
function named(number: number, title: string, names: readonly string[]): FaultCase {
  return {
    number,
    title: `names: ${title}`,
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      for (const [index, name] of names.entries()) {
        await writeFile(join(stage.work, name), deterministicBytes(`name ${index}`, 2 * BLOCK));
      }
      // Where a name begins with a hyphen, `--` goes before it.
      return {
        ...stage.trial(['--', ...names]),
        check: async (ends) => expectReports(stage, ends.at(-1)!, names),
      };
    },
  };
}

const OPTIONS_AND_PROTOCOLS = named(52, 'like options and protocols, and not UTF-8', [
  '-U',
  '--format',
  '-',
  'json:{}',
  'json:{"driver":"null-co"}.raw',
  'nbd:127.0.0.1:1.raw',
  'file,format=raw.raw',
]);

/** Images whose names are made to harm those who print them or pass them on. */
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
  named(51, 'what DOT and Newick are written with', [
    'a;b.raw',
    '(a,b)c:1.raw',
    "it's [a] comment.raw",
    'under_score blank.raw',
    '{n0 -> n1}.raw',
    '\\N\\l\\G.raw',
    'tab\there.raw',
  ]),
  {
    ...OPTIONS_AND_PROTOCOLS,
    build: async (stage) => {
      const trial = await OPTIONS_AND_PROTOCOLS.build(stage);
      const directory = join(stage.root, 'bytes');
      await mkdir(directory);
      const image = Buffer.concat([Buffer.from(`${directory}/`), Buffer.of(0xff, 0xfe), Buffer.from('.raw')]);
      await writeFile(image, deterministicBytes('bytes', BLOCK));
      // Text cannot hold such a name, so the image cannot be told apart or named in a report: the one honest end is an error.
      const alone = stage.hash([directory], { exit: 5 });
      const beside = stage.analyze([directory], { exit: 3 });
      return { ...trial, commands: [alone, beside, ...trial.commands] };
    },
  },
];
