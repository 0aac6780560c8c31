import { describe, expect, test } from '@jest/globals';
import { baseOf, isVolatile } from '@virt-similarity/core';
import { identityOf, wholeIdentityOf } from '#readers/inspection/identity-of.js';
import { inspectedImage, layer } from '../../../fixtures/inspected-image.js';

const base = inspectedImage({ format: 'raw', path: '/images/base.raw' });
const overlay = inspectedImage({ format: 'qcow2', path: '/images/top.qcow2', backing: base });

describe('the identity of an image', () => {
  test('is its file with its extent files', () => {
    const extentFiles = [layer('/images/a-f001.vmdk')];
    expect(identityOf(inspectedImage({ format: 'vmdk', path: '/images/a.vmdk', extentFiles }))).toEqual({
      chain: [{ format: 'vmdk', parts: [layer('/images/a.vmdk'), layer('/images/a-f001.vmdk')], standalone: true }],
    });
  });

  test('has that of its backing image beneath it', () => {
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

  test('can be told without what is beneath being opened by itself', () => {
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
    ['written to', { access: 'beside-writers' }],
  ] as const)('is volatile where the image is %s, or one beneath it', (_, how) => {
    expect(isVolatile(identityOf({ ...base, ...how }))).toBe(true);
    expect(isVolatile(identityOf({ ...overlay, ...how }))).toBe(true);
    expect(isVolatile(identityOf({ ...overlay, backing: { ...base, ...how } }))).toBe(true);
    const ofTop = identityOf({ ...overlay, ...how });
    expect(isVolatile(baseOf(ofTop)!.identity)).toBe(false);
  });
});
