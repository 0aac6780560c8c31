import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { inspectToChoose, inspectToIdentify } from '#readers/inspection/inspect-quietly.js';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inspect-'));
  path = join(directory, 'a.raw');
  await writeFile(path, 'first');
});

afterEach(() => rm(directory, { recursive: true }));

test('what was found when the reader was chosen identifies the image, once', async () => {
  const [source, options] = [{ path }, { allowedDirectories: [directory] }];
  const chosen = await inspectToChoose(source, options);
  expect(await inspectToChoose(source, options)).toBe(chosen);
  expect(await inspectToIdentify(source, options)).toBe(chosen);
  expect(await inspectToIdentify(source, options)).not.toBe(chosen);
});

test('another source, or other options, are another question', async () => {
  const [source, options] = [{ path }, { allowedDirectories: [directory] }];
  const chosen = await inspectToChoose(source, options);
  expect(await inspectToIdentify(source, { ...options })).not.toBe(chosen);
  expect(await inspectToIdentify({ ...source }, options)).not.toBe(chosen);
});
