import { describe, expect, test } from '@jest/globals';
import { blockGraph } from '#image-tools/qemu/block-graph.js';
import type { InspectedImage } from '#image-tools/qemu/inspected-image.js';
import { inspectedImage, layer } from '../../../fixtures/inspected-image.js';

/** Returns the graph of an image that is opened by its own path. */
function graphOf(image: InspectedImage) {
  return blockGraph(image, { nameOf: ({ file }) => file.path, secretOf: ({ passphrase }) => passphrase && 'secret0' });
}

describe('blockGraph', () => {
  test('contains the driver and the file, and states that there is no backing image', () => {
    expect(graphOf(inspectedImage({ format: 'vmdk', path: '/images/a.vmdk' })).node).toEqual({
      driver: 'vmdk',
      'read-only': true,
      file: { driver: 'file', 'read-only': true, filename: '/images/a.vmdk' },
      backing: null,
    });
  });

  test('contains every level of a chain', () => {
    const base = inspectedImage({ format: 'raw', path: '/images/base.raw' });
    const middle = inspectedImage({ format: 'qcow2', path: '/images/middle', backing: base });
    const { node } = graphOf(inspectedImage({ format: 'qcow2', path: '/images/top', backing: middle }));
    expect([node.driver, node.backing?.driver, node.backing?.backing?.driver]).toEqual(['qcow2', 'qcow2', 'raw']);
    expect(node.backing?.backing?.backing).toBeNull();
    expect(node.backing?.backing?.file?.filename).toBe('/images/base.raw');
  });

  test('opens a block device with host_device', () => {
    const { node } = graphOf(inspectedImage({ format: 'raw', path: '/dev/vg/root', isDevice: true }));
    expect(node.file?.driver).toBe('host_device');
  });

  test('declares the extents of a descriptor as files', () => {
    const extentFiles = [layer('/images/a-f001.vmdk'), layer('/images/a-f002.vmdk')];
    const { node } = graphOf(inspectedImage({ format: 'vmdk', path: '/images/a.vmdk', extentFiles }));
    expect(node.extents).toEqual([
      { driver: 'file', 'read-only': true },
      { driver: 'file', 'read-only': true },
    ]);
  });

  test('sets driver options, unless the file is opened as raw', () => {
    const driverOptions = { force_size_calc: 'current_size' };
    const image = inspectedImage({ format: 'vpc', path: '/images/a.vhd', driverOptions });
    expect(graphOf(image).node).toMatchObject({ driver: 'vpc', force_size_calc: 'current_size' });
    expect(graphOf({ ...image, format: 'raw' }).node).not.toHaveProperty('force_size_calc');
  });

  test('shares every node with writers if that is allowed', () => {
    const base = inspectedImage({ format: 'raw', path: '/images/base.raw', access: 'beside-writers' });
    const extentFiles = [layer('/images/a-f001.vmdk')];
    const top = inspectedImage({ format: 'vmdk', path: '/a', access: 'beside-writers', extentFiles, backing: base });
    const { node } = graphOf(top);
    const nodes = [node, node.file, node.extents?.[0], node.backing, node.backing?.file];
    expect(nodes.map((each) => each?.['force-share'])).toEqual([true, true, true, true, true]);
  });

  test('has a filter node that detects writers if they are not allowed', () => {
    const { node } = graphOf(inspectedImage({ format: 'raw', path: '/images/a', access: 'without-writers' }));
    expect(node.file).toEqual({
      driver: 'blkdebug',
      'read-only': true,
      'unshare-child-perms': ['write', 'resize'],
      image: { driver: 'file', 'read-only': true, filename: '/images/a' },
    });
  });

  test('is one argument that parses back to the graph, even for unusual characters in the path', () => {
    const path = '/images/-a,b=c \'d\' "e" \\f\n\u2028ü%7f{}:.qcow2';
    const { node, argument } = graphOf(inspectedImage({ format: 'qcow2', path }));
    expect(argument.startsWith('json:{')).toBe(true);
    expect(JSON.parse(argument.slice('json:'.length))).toEqual(node);
    expect(node.file?.filename).toBe(path);
  });
});
