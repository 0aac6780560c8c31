import { describe, expect, test } from '@jest/globals';
import { identityOf, wholeIdentityOf } from '#readers/inspection/identity-of.js';
import { inspectedImage, layer } from '../qemu/inspected-image.js';

const base = inspectedImage({ format: 'raw', path: '/images/base.raw' });
const overlay = inspectedImage({ format: 'qcow2', path: '/images/top.qcow2', backing: base });

describe('the identity of an image', () => {
  test('is its file with its extent files', () => {
    const extentFiles = [layer('/images/a-f001.vmdk')];
    expect(identityOf(inspectedImage({ format: 'vmdk', path: '/images/a.vmdk', extentFiles }))).toEqual({
      layers: [layer('/images/a.vmdk'), layer('/images/a-f001.vmdk')],
      view: 'vmdk',
    });
  });

  test('has that of its backing image beneath it', () => {
    expect(identityOf(overlay)).toEqual({
      layers: [overlay.file, base.file],
      view: 'qcow2<raw',
      backing: {
        source: { path: '/images/base.raw', format: 'raw' },
        identity: { layers: [base.file], view: 'raw' },
      },
    });
  });

  test('can be told without what is beneath being opened by itself', () => {
    expect(wholeIdentityOf(overlay)).toEqual({ layers: [overlay.file, base.file], view: 'qcow2<raw' });
  });

  test.each([
    ['a device', { isDevice: true }],
    ['written to', { access: 'beside-writers' }],
  ] as const)('is volatile where the image is %s, or one beneath it', (_, how) => {
    expect(identityOf({ ...base, ...how }).volatile).toBe(true);
    expect(identityOf({ ...overlay, ...how }).volatile).toBe(true);
    expect(identityOf({ ...overlay, backing: { ...base, ...how } }).volatile).toBe(true);
  });
});
