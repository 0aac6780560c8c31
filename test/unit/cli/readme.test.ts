import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { VECTOR_EXTENSION } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { RawReader } from '@virt-similarity/readers';
import reporters from '@virt-similarity/reporters';

/** The root of the repository. The path is relative to test/dist/unit/cli, where this file is compiled. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const REPORTERS = Object.entries(reporters.reporters).map(([name, Reporter]) => ({ name, part: new Reporter() }));

/** Returns a file as one line, so that lists are found regardless of their line breaks. */
async function onOneLine(file: string): Promise<string> {
  return (await readFile(`${ROOT}${file}`, 'utf8')).replaceAll(/\s+/g, ' ');
}

/** Returns the part of a text between `before` and `after`, without surrounding blanks. */
function between(text: string, before: string, after: string): string {
  const start = text.indexOf(before);
  expect({ before, start }).not.toEqual({ before, start: -1 });
  const end = text.indexOf(after, start + before.length);
  return text.slice(start + before.length, end).trim();
}

test.each<[string, object]>([
  ['readers', readers.readers],
  ['hashers', hashers.hashers],
  ['reporters', reporters.reporters],
])('the table of packages lists the parts of %s', async (name, parts) => {
  const row = `[\`@virt-similarity/${name}\`](packages/${name}) |`;
  expect(between(await onOneLine('README.md'), row, '|')).toBe(Object.keys(parts).join(', '));
});

test('the table of packages has every package', async () => {
  const readme = await onOneLine('README.md');
  const names = await readdir(`${ROOT}packages`);
  expect(names.filter((name) => !readme.includes(`](packages/${name}) |`))).toEqual([]);
});

test('the README lists the formats and extensions of reports', async () => {
  const readme = await onOneLine('README.md');
  const names = between(readme, 'report on standard output: ', ', or a plugin');
  expect(names.replace(' (default)', '').split(', ')).toEqual(REPORTERS.map(({ name }) => name));
  const extensions = between(readme, 'in the format of its extension (', ')');
  expect(extensions.split(' ')).toEqual(REPORTERS.map(({ part }) => part.extension));
});

test("the command's README lists the extensions of images in directories", async () => {
  const readme = await onOneLine('packages/cli/README.md');
  const extensionsIn = (text: string) => text.match(/\.\w+/g);
  const { extensions } = new RawReader();
  const own = extensions.filter((each) => each.lastIndexOf('.') === 0);
  expect(extensionsIn(between(readme, 'with one of the extensions', ', those of raw disks'))).toEqual([
    ...own.toSorted(),
    VECTOR_EXTENSION,
  ]);
  const others = extensions.filter((each) => !own.includes(each)).map((each) => each.slice(each.lastIndexOf('.')));
  const listed = extensionsIn(between(readme, 'also followed by', ', or one that'));
  expect(listed?.toSorted()).toEqual([...new Set(others.map((each) => each.slice(0, 4)))].toSorted());
});
