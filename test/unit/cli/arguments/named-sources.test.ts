import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { namedSources } from '#cli/arguments/named-sources.js';
import { parseWords } from '#cli/arguments/parse-words.js';
import { scanArguments } from '#cli/arguments/scan-arguments.js';
import type { NamedImage } from '#cli/commands/named-image.js';
import { flagsOfNamed, knownCommand } from './sample-commands.js';

const pathOf = (named: NamedImage) => ('path' in named ? named.path : undefined);
const sourcesOf = (line: string) => namedSources(scanArguments(line.split(' '), flagsOfNamed('analyze')));

describe('the images on a command line', () => {
  test('have the format given before them', () => {
    expect(sourcesOf('z.img --format raw a.img --format qcow2 b.img c.img')).toEqual([
      { path: 'z.img' },
      { path: 'a.img', format: 'raw' },
      { path: 'b.img', format: 'qcow2' },
      { path: 'c.img', format: 'qcow2' },
    ]);
  });

  test('have no format after --format auto', () => {
    expect(sourcesOf('--format=raw a --format=auto b')).toEqual([{ path: 'a', format: 'raw' }, { path: 'b' }]);
  });

  test('keep the order of operands and --add', () => {
    const names = sourcesOf('-a one two --add three -afour --add=five six').map(pathOf);
    expect(names).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  });

  test('can be disks of libvirt', () => {
    const names = sourcesOf('one -d web --all-domains two --domain=-x:vda -c test:///default').map(pathOf);
    expect(names).toEqual(['one', 'libvirt:web', 'libvirt:', 'two', 'libvirt:-x:vda']);
  });

  test.each(['--domain=', '--add='])('must not be empty: %s', (line) => {
    expect(() => sourcesOf(line)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(/^--(domain|add): expected a \w+, found nothing$/),
      }),
    );
  });

  test('are not the values of other options', () => {
    expect(sourcesOf('--linkage average a -o tree.nwk -Onewick -vo t.dot b --no-cache')).toEqual([
      { path: 'a' },
      { path: 'b' },
    ]);
  });

  test('can begin with a hyphen after --', () => {
    expect(sourcesOf('--format raw -- -a --format -1')).toEqual(
      ['-a', '--format', '-1'].map((path) => ({ path, format: 'raw' })),
    );
  });

  test('can be a negative number, which commander treats as an operand', () => {
    expect(sourcesOf('-5')).toEqual([{ path: '-5' }]);
  });

  test('can be in lists, which are files or standard input', () => {
    expect(sourcesOf('a --format raw - --files-from=l.txt --files-from - ./-')).toEqual([
      { path: 'a' },
      { list: '-', format: 'raw' },
      { list: 'l.txt', format: 'raw' },
      { list: '-', format: 'raw' },
      { path: './-', format: 'raw' },
    ]);
  });

  test('are the operands that commander finds, regardless of the position of options', () => {
    const word = fc.constantFrom(
      'a',
      'b c',
      '-',
      '-7',
      '-v',
      '-vq',
      '-ox',
      '-o',
      '-O',
      '--hash=x',
      '--hash',
      '--',
      '--no-cache',
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        let parsed: ReturnType<typeof parseWords>;
        try {
          parsed = parseWords(knownCommand('hash'), words, '');
        } catch {
          return;
        }
        const scanned = scanArguments(words, flagsOfNamed('hash')).flatMap((found) =>
          found.kind === 'operand' ? found.value : [],
        );
        expect(parsed).toMatchObject({ operands: scanned });
      }),
      { numRuns: 1000 },
    );
  });
});
