import { expect, test } from '@jest/globals';
import { type Wording, wording } from '@virt-similarity/core';
import { corrupt, inContext } from '#readers/inspection/header-error.js';

const describe = (message: Wording) => wording`its base is bad: ${message}`;

test('a header error gets its context and keeps its code', async () => {
  const outcome = inContext(describe, () => Promise.reject(corrupt('it is truncated')));
  await expect(outcome).rejects.toMatchObject({
    code: 'corrupt',
    message: 'its base is bad: it is truncated; restore it from a good copy',
  });
});

test('any other error is unchanged', async () => {
  const defect = new TypeError('a defect');
  await expect(inContext(describe, () => Promise.reject(defect))).rejects.toBe(defect);
});
