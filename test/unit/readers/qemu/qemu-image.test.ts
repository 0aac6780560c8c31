import { expect, test } from '@jest/globals';
import { identityOf } from '#readers/inspection/identity-of.js';
import { QemuImage } from '#readers/qemu/qemu-image.js';
import { withFakeProgram } from '../../../fixtures/index.js';
import { inspectedImage, realLayer } from '../../../fixtures/inspected-image.js';

test('closing an image ends a qemu-img that still maps it', async () => {
  await withFakeProgram('qemu-img', 'exec sleep 60', async () => {
    const image = inspectedImage({ format: 'qed', path: '/images/a.qed', file: realLayer(), virtualSize: 1000 });
    const opened = new QemuImage(
      { image, identity: identityOf(image) },
      { component: 'qemu', image: 'a.qed', sandbox: 'off' },
    );
    const pending = expect(opened.read(Buffer.alloc(10), 0)).rejects.toMatchObject({
      code: 'unreadable',
      message: '[qemu] cannot read a.qed: it was closed',
    });
    await opened.close();
    await pending;
  });
});
