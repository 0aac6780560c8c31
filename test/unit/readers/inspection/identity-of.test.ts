import { describe, expect, test } from '@jest/globals';
import { baseOf, isVolatile } from '@virt-similarity/core';
import { identityOf, wholeIdentityOf } from '#readers/inspection/identity-of.js';
import { inspectedImage, layer } from '../../../fixtures/inspected-image.js';

const base = inspectedImage({ format: 'raw', path: '/images/base.raw' });
const overlay = inspectedImage({ format: 'qcow2', path: '/images/top.qcow2', backing: base });

describe('the identity of an image', () => {
  test('has its file and its extent files', () => {
    const extentFiles = [layer('/images/a-f001.vmdk')];
    expect(identityOf(inspectedImage({ format: 'vmdk', path: '/images/a.vmdk', extentFiles }))).toEqual({
      chain: [{ format: 'vmdk', parts: [layer('/images/a.vmdk'), layer('/images/a-f001.vmdk')], standalone: true }],
    });
  });

  test('includes the identity of its backing image', () => {
    const identity = identityOf(overlay);
    expect(identity).toEqual({
      chain: [
        { format: 'qcow2', parts: [overlay.file], standalone: true },
        { format: 'raw', parts: [base.file], standalone: true },
      ],
    });
    expect(baseOf(identity)).toEqual({
      source: { path: '/images/base.raw', format: 'raw' },
      identity: identityOf(base),
    });
    expect(baseOf(identityOf(base))).toBeUndefined();
  });

  test('can prevent its backing image from being opened separately', () => {
    const identity = wholeIdentityOf(overlay);
    expect(identity).toEqual({
      chain: [
        { format: 'qcow2', parts: [overlay.file] },
        { format: 'raw', parts: [base.file] },
      ],
    });
    expect(baseOf(identity)).toBeUndefined();
  });

  test.each([
    ['a device', { isDevice: true }],
    ['open for writing', { access: 'beside-writers' }],
  ] as const)('is volatile if the image or a backing image is %s', (_, state) => {
    expect(isVolatile(identityOf({ ...base, ...state }))).toBe(true);
    expect(isVolatile(identityOf({ ...overlay, ...state }))).toBe(true);
    expect(isVolatile(identityOf({ ...overlay, backing: { ...base, ...state } }))).toBe(true);
    const ofTop = identityOf({ ...overlay, ...state });
    expect(isVolatile(baseOf(ofTop)!.identity)).toBe(false);
  });
});
