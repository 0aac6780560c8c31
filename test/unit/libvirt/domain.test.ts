import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseDomain } from '#libvirt/domain.js';
import { domainXml, escapeXml } from '../../fixtures/libvirt-domains.js';

const parsed = (devices: string) => parseDomain(domainXml({ name: 'web', devices }));

describe('the definition of a domain', () => {
  test('lists its disks, with formats and backing files', () => {
    const { disks, leftOut } = parsed(`
      <disk type='file' device='disk'>
        <driver name='qemu' type='qcow2' cache='none'/>
        <source file='/a/top &lt;1&gt;.qcow2' index='1'/>
        <backingStore type='file'>
          <format type='qcow2'/>
          <source file='/b/middle'/>
          <backingStore type='network'>
            <source protocol='nbd' name='x'/>
            <backingStore type='block'><format type='raw'/><source dev='/dev/vg/base'/><backingStore/></backingStore>
          </backingStore>
        </backingStore>
        <target dev='vda' bus='virtio'/>
      </disk>
      <disk type='block'><source dev='/dev/vg/data'/><target dev='vdb'/></disk>
      <disk type='block' device='lun'><source dev='/dev/sdc'/><target dev='sda'/></disk>`);
    expect(disks).toEqual([
      { target: 'vda', path: '/a/top <1>.qcow2', format: 'qcow2', backing: ['/b/middle', '/dev/vg/base'] },
      { target: 'vdb', path: '/dev/vg/data', format: 'raw', backing: [] },
      { target: 'sda', path: '/dev/sdc', format: 'raw', backing: [] },
    ]);
    expect(leftOut).toEqual([]);
  });

  test('lists the disks that are left out, each with the reason', () => {
    const { disks, leftOut } = parsed(`
      <disk type='file' device='cdrom'><source file='/a.iso'/><target dev='hda'/></disk>
      <disk type='file' device='floppy'><target dev='fda'/></disk>
      <disk type='file'><target dev='vda'/></disk>
      <disk type='file'><source file='relative'/><target dev='vdb'/></disk>
      <disk type='network'><source protocol='rbd' name='pool/image'/><target dev='vdc'/></disk>
      <disk type='volume'><source pool='default' volume='v'/><target dev='vdd'/></disk>
      <disk type='nvme'><source type='pci'/></disk>`);
    expect(disks).toEqual([]);
    expect(leftOut).toEqual([
      { target: 'hda', reason: 'cdrom' },
      { target: 'fda', reason: 'floppy' },
      { target: 'vda', reason: 'no medium' },
      { target: 'vdb', reason: 'no medium' },
      { target: 'vdc', reason: 'network: rbd' },
      { target: 'vdd', reason: 'volume' },
      { target: '?', reason: 'nvme' },
    ]);
  });

  test('states whether it is active', () => {
    expect(parseDomain(domainXml({ name: 'web' })).isActive).toBe(false);
    expect(parseDomain(domainXml({ name: 'web' }).replace('<domain', "<domain id='7'")).isActive).toBe(true);
  });

  test('is read only from elements in their proper places', () => {
    const metadata = "<metadata><devices><disk type='file'><source file='/x'/></disk></devices></metadata>";
    expect(parseDomain(domainXml({ name: 'web' }).replace('<devices>', `${metadata}<devices>`)).disks).toEqual([]);
  });

  test.each(['a\u0085b', 'a\u2028b', 'a\u2029b', 'a\nb'])('keeps the name %j', (name) => {
    expect(parseDomain(domainXml({ name })).name).toBe(name);
  });

  test('has a line feed for each line end of XML 1.0', () => {
    expect(parseDomain(domainXml({ name: 'a?b' }).replace('?', '\r\n')).name).toBe('a\nb');
    expect(parseDomain(domainXml({ name: 'a?b' }).replace('?', '\r')).name).toBe('a\nb');
  });

  test('keeps every name of characters that XML does not change', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        fc.pre(Array.from(name).every(isInXml));
        expect(parseDomain(domainXml({ name })).name).toBe(name);
      }),
    );
  });

  test.each([
    ['an empty text', ''],
    ['a text that is not XML', 'error: failed'],
    ['a text that ends early', domainXml({ name: 'web' }).slice(0, -9)],
    ['two domains', domainXml({ name: 'a' }) + domainXml({ name: 'b' })],
    ['another element', '<network><name>default</name><uuid>1</uuid></network>'],
    ['a domain without a name', '<domain><uuid>1</uuid></domain>'],
    ['a domain without a UUID', '<domain><name>web</name></domain>'],
    ['an attribute without quotes', '<domain id=1><name>web</name><uuid>1</uuid></domain>'],
    ['an undefined entity', domainXml({ name: 'web' }).replace('>web<', '>&lol;<')],
    ['a document type', `<!DOCTYPE domain>${domainXml({ name: 'web' })}`],
    [
      'an entity that expands to a file',
      `<!DOCTYPE domain [<!ENTITY x SYSTEM "file:///etc/passwd">]>${domainXml({ name: 'web' }).replace('>web<', '>&x;<')}`,
    ],
    [
      'an entity that expands to billions of bytes',
      `<!DOCTYPE domain [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}">]>${domainXml({ name: 'web' }).replace('>web<', `>${'&b;'.repeat(1000)}<`)}`,
    ],
  ])('is refused if it is %s', (_, xml) => {
    expect(() => parseDomain(xml)).toThrow();
  });

  test('can be nested deeply, but lists at most 200 backing files', () => {
    const depth = 20_000;
    const stores = "<backingStore type='file'><source file='/b'/>".repeat(depth) + '</backingStore>'.repeat(depth);
    const { disks } = parsed(`<disk type='file'><source file='/a'/>${stores}<target dev='vda'/></disk>`);
    expect(disks[0]?.backing.length).toBe(200);
  });
});

/** Returns whether XML can contain a character and a parser returns it unchanged, unlike a carriage return. */
function isInXml(character: string): boolean {
  const code = character.codePointAt(0)!;
  return (code >= 32 || character === '\t' || character === '\n') && code !== 0xfffe && code !== 0xffff;
}

test('the fixture escapes XML', () => {
  expect(escapeXml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;');
});
