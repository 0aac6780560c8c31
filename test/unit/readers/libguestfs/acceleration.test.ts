import { describe, expect, test } from '@jest/globals';
import { applianceEnvironment, usesKvm } from '#readers/libguestfs/acceleration.js';

describe('applianceEnvironment', () => {
  test('chooses the direct backend by default', () => {
    expect(applianceEnvironment({}, 'default')).toEqual({ LIBGUESTFS_BACKEND: 'direct' });
    expect(applianceEnvironment({ LIBGUESTFS_BACKEND: '' }, 'default')).toEqual({ LIBGUESTFS_BACKEND: 'direct' });
  });

  test('keeps the backend that the user chose', () => {
    expect(applianceEnvironment({ LIBGUESTFS_BACKEND: 'libvirt' }, 'default')).toEqual({
      LIBGUESTFS_BACKEND: 'libvirt',
    });
  });

  test('passes on only variables of libguestfs', () => {
    const environment = {
      HOME: '/root',
      LIBGUESTFS_CACHEDIR: '/c',
      AWS_SECRET_ACCESS_KEY: 's',
      LIBGUESTFS_X: undefined,
    };
    expect(applianceEnvironment(environment, 'default')).toEqual({
      LIBGUESTFS_BACKEND: 'direct',
      LIBGUESTFS_CACHEDIR: '/c',
    });
  });

  test('adds emulation to the settings of the user', () => {
    expect(applianceEnvironment({}, 'tcg')).toMatchObject({ LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' });
    expect(applianceEnvironment({ LIBGUESTFS_BACKEND_SETTINGS: 'gdb' }, 'tcg')).toMatchObject({
      LIBGUESTFS_BACKEND_SETTINGS: 'gdb:force_tcg',
    });
  });
});

test('KVM is not used if the user forces emulation', async () => {
  expect(await usesKvm({ LIBGUESTFS_BACKEND_SETTINGS: 'network_bridge=virbr0:force_tcg' })).toBe(false);
});
