import { expect, test } from '@jest/globals';
import { explainImage } from '@virt-similarity/rebase';
import fc from 'fast-check';
import { numberVector } from './number-vectors.js';

const explain = (image: readonly number[], templates: readonly (readonly number[])[]) =>
  explainImage(
    numberVector(image),
    templates.map((content) => numberVector(content)),
  );

test('the template that explains most is first, and each block is explained once', async () => {
  const image = [1, 2, 3, 4, 5, 6, 0, 8];
  const os = [1, 2, 3, 4, 0, 0, 7, 9];
  const update = [0, 0, 3, 4, 5, 0, 0, 0];
  expect(await explain(image, [update, os])).toEqual([
    { templates: [1], alone: 4, added: 4 },
    { templates: [0], alone: 3, added: 1 },
  ]);
});

test('templates that explain the same blocks are one line', async () => {
  expect(await explain([1, 2, 3], [[1, 2], [9], [1, 2, 8]])).toEqual([{ templates: [0, 2], alone: 2, added: 2 }]);
});

test('zero blocks, blocks at other places and unrelated templates explain nothing', async () => {
  expect(await explain([1, 2, 0, 0], [[0, 1, 2], [0, 0, 0, 0], []])).toEqual([]);
  expect(await explain([0, 0], [[0, 0]])).toEqual([]);
});

test('every step adds as much as the best template can, for any disks', async () => {
  const disk = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 70 });
  await fc.assert(
    fc.asyncProperty(disk, fc.array(disk, { maxLength: 5 }), async (image, templates) => {
      const isExplained = (block: number, template: number) =>
        image[block] !== 0 && templates[template]![block] === image[block];
      const left = new Set(image.flatMap((digest, block) => (digest === 0 ? [] : [block])));
      const added = (template: number) => [...left].filter((block) => isExplained(block, template));
      for (const { templates: chosen, added: count } of await explain(image, templates)) {
        expect(count).toBe(Math.max(...templates.map((_, template) => added(template).length)));
        for (const template of chosen) {
          expect(added(template)).toHaveLength(count);
        }
        for (const block of added(chosen[0]!)) {
          left.delete(block);
        }
      }
      expect(templates.every((_, template) => added(template).length === 0)).toBe(true);
    }),
  );
});
