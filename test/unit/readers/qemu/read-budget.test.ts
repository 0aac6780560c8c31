import { expect, test } from '@jest/globals';
import { ReadBudget, type ReadBudgetLimits } from '#readers/qemu/read-budget.js';
import { inspectedImage } from '../../../fixtures/inspected-image.js';

const STORED = 65_536;
const GIB = 2 ** 30;

function budget(expansion: ReadBudgetLimits['expansion'] = 'limited'): ReadBudget {
  const image = inspectedImage({ path: 'a.img', format: 'raw' });
  return new ReadBudget(image, { component: 'qemu', image: 'a.img' }, { runsPerByte: 1, expansion });
}

test('stored bytes can expand exactly up to the limit', async () => {
  const spent = budget();
  await spent.spend(GIB + 1024 * STORED, 'expanded');
  await expect(spent.spend(1, 'expanded')).rejects.toMatchObject({
    code: 'unavailable',
    message:
      '[qemu] cannot read a.img: it expands to more than 1 GiB plus 1,024 times its 65536 stored bytes; ' +
      'if you trust the image, convert it with qemu-img convert -O raw first',
  });
});

test('each stored byte can be referenced once, plus 64 MiB in total', async () => {
  const spent = budget();
  await spent.spend(2 ** 26 + STORED, 'verbatim');
  await expect(spent.spend(1, 'verbatim')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('its tables refer to some of its 65536 stored bytes repeatedly'),
  });
});

test('bytes whose clusters are counted can expand without limit', async () => {
  const spent = budget('counted');
  await spent.spend(2 ** 45, 'expanded');
  await expect(spent.spend(2 ** 26 + STORED + 1, 'verbatim')).rejects.toMatchObject({ code: 'unavailable' });
});
