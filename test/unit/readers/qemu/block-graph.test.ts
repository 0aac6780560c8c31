import { describe, expect, test } from '@jest/globals';
import { blockGraph } from '#readers/qemu/block-graph.js';
import { inspectedImage } from './inspected-image.js';

describe('blockGraph', () => {
  test('states driver, file and the absence of a backing image', () => {
    expect(blockGraph(inspectedImage({ format: 'vmdk', path: '/images/a.vmdk' })).node).toEqual({
      driver: 'vmdk',
      'read-only': true,
      file: { driver: 'file', 'read-only': true, filename: '/images/a.vmdk' },
      backing: null,
    });
  });

  test('states every level of a chain', () => {
    const base = inspectedImage({ format: 'raw', path: '/images/base.raw' });
    const middle = inspectedImage({ format: 'qcow2', path: '/images/middle', backing: base });
    const { node } = blockGraph(inspectedImage({ format: 'qcow2', path: '/images/top', backing: middle }));
    expect([node.driver, node.backing?.driver, node.backing?.backing?.driver]).toEqual(['qcow2', 'qcow2', 'raw']);
    expect(node.backing?.backing?.backing).toBeNull();
    expect(node.backing?.backing?.file?.filename).toBe('/images/base.raw');
  });

  test('opens a block device as one', () => {
    const { node } = blockGraph(inspectedImage({ format: 'raw', path: '/dev/vg/root', isDevice: true }));
    expect(node.file?.driver).toBe('host_device');
  });

  test('is one argument that parses back to the graph, whatever characters the path has', () => {
    const path = '/images/-a,b=c \'d\' "e" \\f\n\u2028ü%7f{}:.qcow2';
    const { node, argument } = blockGraph(inspectedImage({ format: 'qcow2', path }));
    expect(argument.startsWith('json:{')).toBe(true);
    expect(JSON.parse(argument.slice('json:'.length))).toEqual(node);
    expect(node.file?.filename).toBe(path);
  });
});
