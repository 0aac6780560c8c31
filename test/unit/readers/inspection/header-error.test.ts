import { expect, test } from '@jest/globals';
import { type Wording, wording } from '@virt-similarity/core';
import { corrupt, inContext } from '#readers/inspection/header-error.js';

const describe = (message: Wording) => wording`its base is bad: ${message}`;

test('a header error is told in its context, with its code', async () => {
  const outcome = inContext(describe, () => Promise.reject(corrupt('it is cut short')));
  await expect(outcome).rejects.toMatchObject({
    code: 'corrupt',
    message: 'its base is bad: it is cut short; restore it from a good copy',
  });
});

test('any other error is left as it is', async () => {
  const defect = new TypeError('a defect');
  await expect(inContext(describe, () => Promise.reject(defect))).rejects.toBe(defect);
});
