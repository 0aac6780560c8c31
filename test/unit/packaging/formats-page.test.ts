import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { IMAGE_EXTENSIONS } from '#readers/inspection/extensions.js';
import { FORMAT_NAMES } from '#readers/inspection/format-names.js';

const ROOT = new URL('../../../../', import.meta.url);
const page = await readFile(new URL('docs/formats.md', ROOT), 'utf8');

test('the page about formats names only tests that exist', () => {
  const tests = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!);
  expect(tests.length).toBeGreaterThan(30);
  expect(tests.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
});

test('the page about formats names every format, and every extension that suggests a format', () => {
  expect(FORMAT_NAMES.filter((format) => !page.toLowerCase().includes(format))).toEqual([]);
  const neutral = ['.dsk', '.disk', '.image', '.ima', '.flp'];
  expect(IMAGE_EXTENSIONS.filter((each) => !neutral.includes(each) && !page.includes(`\`${each}\``))).toEqual([]);
});
