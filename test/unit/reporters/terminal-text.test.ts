import { describe, expect, test } from '@jest/globals';
import { terminalText } from '@virt-similarity/reporters';
import fc from 'fast-check';
import { hostileName } from '../../fixtures/analysis.js';
import { unescaped } from '../../fixtures/report-text.js';

describe('terminalText', () => {
  test('leaves ordinary names as they are, those of Windows and of the world included', () => {
    for (const name of ['web 1.qcow2', 'C:\\images\\a.img', 'Größe.raw', 'テスト', '👨‍👩‍👧', '']) {
      expect(terminalText(name)).toBe(name);
    }
  });

  test('shows control characters escaped', () => {
    expect(terminalText('a\n\0\u001b[31m\u007f\u009b')).toBe('a\\x0a\\x00\\x1b[31m\\x7f\\x9b');
  });

  test('shows bidirectional controls, line separators and other invisible characters escaped', () => {
    expect(terminalText('\u202e\u2066\u200f\u2028\u2029\ufeff\u200b')).toBe(
      '\\u{202e}\\u{2066}\\u{200f}\\u{2028}\\u{2029}\\u{feff}\\u{200b}',
    );
  });

  test('shows lone surrogates and noncharacters escaped', () => {
    expect(terminalText('\ud800a\udc00\uffff\u{1fffe}')).toBe('\\u{d800}a\\u{dc00}\\u{ffff}\\u{1fffe}');
  });

  test('doubles a backslash only where it would read as part of an escape', () => {
    expect(terminalText('\\x41 \\u{41} \\\\ \\\n \\X41 \\u41 \\')).toBe(
      '\\\\x41 \\\\u{41} \\\\\\ \\\\\\x0a \\X41 \\u41 \\',
    );
  });

  test('can be undone, so that different names stay different', () => {
    fc.assert(fc.property(hostileName, (name) => unescaped(terminalText(name)) === name));
  });

  test('is one printable line whatever the name', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        expect(terminalText(name)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});
