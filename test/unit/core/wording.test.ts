import { describe, expect, test } from '@jest/globals';
import { asNote, optionsIn, plainText, type Wording, wording } from '@virt-similarity/core/errors';

const READER = { option: 'reader', value: 'qemu' };

describe('a wording', () => {
  test('is a string if it names no option', () => {
    expect(wording`${2} of ${'a'}${wording`b${['c']}`}`).toBe('2 of abc');
    expect(wording``).toBe('');
  });

  test('keeps options separate, including those of nested wordings', () => {
    const inner = wording`choose ${READER}`;
    const outer = wording`${{ option: 'jobs' }}: ${1} or ${inner}, ${[' or ', READER]}`;
    expect(outer).toEqual([{ option: 'jobs' }, ': 1 or choose ', READER, ',  or ', READER]);
    expect(optionsIn(outer)).toEqual([{ option: 'jobs' }, READER, READER]);
    expect(optionsIn('none')).toEqual([]);
  });

  test.each<[Wording, string]>([
    [wording`lower ${{ option: 'jobs' }}`, 'lower `jobs`'],
    [wording`choose ${READER}`, "choose `reader: 'qemu'`"],
    [wording`pass ${{ option: 'allowInUse', value: true }}`, 'pass `allowInUse: true`'],
    [wording`pass ${{ option: 'maxVirtualSize', value: 2 ** 46 }}`, 'pass `maxVirtualSize: 70368744177664`'],
    [wording`pass ${{ option: 'allowBacking', value: ['/a b', '/c\n'] }}`, "pass `allowBacking: [ '/a b', '/c\\n' ]`"],
    [wording`allow ${{ option: 'negative-branches', value: true }}`, "allow `'negative-branches': true`"],
    [
      wording`name it as ${{ option: 'format', value: 'raw', image: '-a.img', others: 'auto' }} if it is`,
      "name it as `{ path: '-a.img', format: 'raw' }` if it is",
    ],
  ])('%j is formatted with options as members of an object', (message, text) => {
    expect(plainText(message)).toBe(text);
  });

  test('can be formatted with options as the caller shows them', () => {
    expect(plainText(wording`choose ${READER}`, ({ option, value }) => `${option} → ${value}`)).toBe(
      'choose reader → qemu',
    );
  });

  test('is passed to onNote after its text', () => {
    const message = wording`choose ${READER}`;
    expect(asNote(message)).toEqual(["choose `reader: 'qemu'`", message]);
  });
});
