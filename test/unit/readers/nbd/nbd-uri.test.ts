import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { nbdSchemeOf, parseNbdUri } from '#readers/nbd/nbd-uri.js';

describe('a URI of NBD', () => {
  test.each([
    ['nbd://host', { server: { host: 'host', port: 10_809 }, exportName: '' }],
    ['nbd://host/', { server: { host: 'host', port: 10_809 }, exportName: '' }],
    ['nbd://10.0.0.1:1/a/../b//c', { server: { host: '10.0.0.1', port: 1 }, exportName: 'a/../b//c' }],
    ['nbd://[fe80::1]:65535/x', { server: { host: 'fe80::1', port: 65_535 }, exportName: 'x' }],
    ['nbd://host/a%20b%2f%3F%C3%BC', { server: { host: 'host', port: 10_809 }, exportName: 'a b/?ü' }],
    ['nbds://host/x', { server: { host: 'host', port: 10_809 }, exportName: 'x', isEncrypted: true }],
    [
      'nbds://host/x?tls-certificates=%2Fetc%2Fpki',
      { server: { host: 'host', port: 10_809 }, exportName: 'x', isEncrypted: true, certificates: '/etc/pki' },
    ],
    ['nbd+unix:///?socket=/run/a', { server: '/run/a', exportName: '' }],
    ['nbd+unix:///x?socket=/run/a%26b=c', { server: '/run/a&b=c', exportName: 'x' }],
    ['nbd+unix://?socket=a', { server: 'a', exportName: '' }],
  ])('%s names an export of a server', (uri, expected) => {
    expect(parseNbdUri(uri)).toEqual({ isEncrypted: false, ...expected });
  });

  test.each([
    'nbd:',
    'nbd:host',
    'nbd:///x',
    'nbd://user@host/x',
    'nbd://host:0/x',
    'nbd://host:65536/x',
    'nbd://host:x/x',
    'nbd://host/%',
    'nbd://host/%ff',
    'nbd://host/a%00b',
    'nbd://host/x#y',
    'nbd://host/x?socket=/run/a',
    'nbd://host/x?tls-certificates=/etc',
    'nbds://host/x?tls-psk-file=/etc/psk',
    'nbd+unix:///x',
    'nbd+unix:///x?socket=',
    'nbd+unix://host/x?socket=/run/a',
    `nbd://host/${'a'.repeat(4097)}`,
  ])('%.60s is refused', (uri) => {
    expect(() => parseNbdUri(uri)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('expected nbd://HOST[:PORT]/EXPORT') }),
    );
  });

  test('can have any percent-encoded export name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (name) => {
        fc.pre(!name.includes('\0'));
        expect(parseNbdUri(`nbd://host/${encodeURIComponent(name)}`).exportName).toBe(name);
      }),
    );
  });

  test('with 100,000 brackets is refused in time', () => {
    expect(() => parseNbdUri(`nbd://${'[:'.repeat(100_000)}`)).toThrow('expected nbd://');
  });
});

test.each([
  ['nbd://host/x', 'nbd'],
  ['nbds://host/x', 'nbds'],
  ['nbd+unix:///x?socket=y', 'nbd+unix'],
  ['./nbd://host/x', undefined],
  ['/nbd://host/x', undefined],
  ['nbd:/host/x', undefined],
  ['http://host/x', undefined],
  ['disk.raw', undefined],
])('the scheme of %s is %s', (path, scheme) => {
  expect(nbdSchemeOf(path)).toBe(scheme);
});
