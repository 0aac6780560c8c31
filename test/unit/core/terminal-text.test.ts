import { describe, expect, test } from '@jest/globals';
import { terminalText } from '@virt-similarity/core';
import fc from 'fast-check';
import { hostileName } from '../../fixtures/analysis.js';
import { unescaped } from '../../fixtures/unescaped.js';

describe('terminalText', () => {
  test('does not change ordinary names, including Windows paths and other scripts', () => {
    for (const name of ['web 1.qcow2', 'C:\\images\\a.img', 'Größe.raw', 'テスト', '👩🐧', '']) {
      expect(terminalText(name)).toBe(name);
    }
  });

  test('escapes control characters', () => {
    expect(terminalText('a\n\0\u001b[31m\u007f\u009b')).toBe('a\\x0a\\x00\\x1b[31m\\x7f\\x9b');
  });

  test('escapes bidirectional controls, line separators and other invisible characters', () => {
    expect(terminalText('\u202e\u2066\u200f\u2028\u2029\ufeff\u200b')).toBe(
      '\\u{202e}\\u{2066}\\u{200f}\\u{2028}\\u{2029}\\u{feff}\\u{200b}',
    );
  });

  test('escapes tags, variation selectors, soft hyphens, joiners, fillers and blanks other than the space', () => {
    expect(terminalText('a\u{e0041}\u{e007f}\ufe0f\u{e0100}b')).toBe('a\\u{e0041}\\u{e007f}\\u{fe0f}\\u{e0100}b');
    expect(terminalText('\u00ad\u200c\u200d\u2060\u3164\u115f\u034f\u180e')).toBe(
      '\\xad\\u{200c}\\u{200d}\\u{2060}\\u{3164}\\u{115f}\\u{34f}\\u{180e}',
    );
    expect(terminalText('\ufff9\ufffb\u00a0\u3000\u2800 ')).toBe('\\u{fff9}\\u{fffb}\\xa0\\u{3000}\\u{2800} ');
  });

  test('escapes private and unassigned characters, whose appearance depends on the font', () => {
    expect(terminalText('\ue000\u{378}\u{10fffd}')).toBe('\\u{e000}\\u{378}\\u{10fffd}');
  });

  test('escapes lone surrogates and noncharacters', () => {
    expect(terminalText('\ud800a\udc00\uffff\u{1fffe}')).toBe('\\u{d800}a\\u{dc00}\\u{ffff}\\u{1fffe}');
  });

  test('doubles a backslash only if it could be read as part of an escape', () => {
    expect(terminalText('\\x41 \\u{41} \\\\ \\\n \\X41 \\u41 \\')).toBe(
      '\\\\x41 \\\\u{41} \\\\\\ \\\\\\x0a \\X41 \\u41 \\',
    );
  });

  test('can be undone, so that different names stay different', () => {
    fc.assert(fc.property(hostileName, (name) => unescaped(terminalText(name)) === name));
  });

  test('is one printable line for any name', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        expect(terminalText(name)).not.toMatch(/\p{C}|[^\P{Z} ]|[\u3164\u2800]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/u);
      }),
    );
  });
});
