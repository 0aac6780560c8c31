import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { unescaped } from '../../fixtures/unescaped.js';
import { expectReports } from '../expect-reports.js';
import type { FaultCase } from '../fault-case.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
/** Invisible and blank characters, as ranges of code points. */
const INVISIBLE =
  /[\u00a0\u00ad\u061c\u115f\u1160\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufeff\uffa0\ufff0-\ufffb]|\u034f|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0000}-\u{e0fff}]/u;

/** Returns a case of raw images with these names, which must be unambiguous and visible in the tree and the table. */
function named(number: number, title: string, names: readonly string[]): FaultCase {
  return {
    number,
    title: `names in tables: ${title}`,
    readers: ['auto', 'raw'],
    exit: 0,
    build: async (stage) => {
      for (const [index, name] of names.entries()) {
        await writeFile(join(stage.work, name), deterministicBytes(`name ${index}`, 2 * BLOCK));
      }
      return {
        ...stage.trial(['--', ...names]),
        check: async (ends) => {
          await expectReports(stage, ends.at(-1)!, names);
          await expectHarmlessTable(stage);
          for (const file of ['tree.txt', 'tree.dot', 'tree.names.tsv']) {
            assert.doesNotMatch(
              await readFile(stage.output(file), 'utf8'),
              INVISIBLE,
              `invisible characters in ${file}`,
            );
          }
          assert.doesNotMatch(ends.map(({ stdout, stderr }) => stdout + stderr).join(''), INVISIBLE);
        },
      };
    },
  };
}

/**
 * Requires that no label is equal to the label or the name of another image, regardless of case, and that no cell
 * begins like a formula or contains a quotation mark.
 */
async function expectHarmlessTable(stage: Stage): Promise<void> {
  const rows = (await readFile(stage.output('tree.names.tsv'), 'utf8')).split('\n').slice(1, -1);
  const cells = rows.map((row) => row.split('\t'));
  for (const cell of cells.flat()) {
    assert.doesNotMatch(cell, /^\s*[=+\-@＝＋－＠]|["']/, 'a cell that is interpreted');
  }
  for (const [label] of cells) {
    const folded = label!.toLowerCase();
    const owners = cells.filter(([other, name]) => other === label || unescaped(name!).toLowerCase() === folded);
    assert.equal(owners.length, 1, `${label} could be more than one image`);
  }
}

/** Images whose names imitate those of other images, contain invisible characters, or are formulas. */
export const NAMES_IN_TABLES: readonly FaultCase[] = [
  named(100, 'do not become the label of another image', [
    'web 1.raw',
    'web-1.raw',
    'WEB_1.raw',
    'db-1.raw',
    'DB-1.raw',
    'db 1.raw',
  ]),
  named(101, 'show invisible characters', [
    'tag\u{e0041}\u{e007f}.raw',
    'tag.raw',
    'soft\u00adhyphen\u200b\u200d\u2060.raw',
    'selector\ufe0f\u{e0100}.raw',
    'annotation\ufff9a\ufffab\ufffb.raw',
    'filler\u3164\u2800\u00a0\u115f.raw',
    'override\u202e\u2066\u061c.raw',
  ]),
  named(102, 'are not interpreted as formulas or quotes', [
    '=HYPERLINK("http:example.com").raw',
    '+1.raw',
    '-1.raw',
    '@SUM(A1).raw',
    '\uff1d1.raw',
    '"opens.raw',
    `'opens.raw`,
    'closes".raw',
    '#comment.raw',
    ' blank.raw',
    '\t=1.raw',
    '\r=1.raw',
  ]),
];
