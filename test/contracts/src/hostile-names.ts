/** Names of images that break quoting, markup, lines or encodings where a report is careless; all different. */
export const HOSTILE_NAMES: readonly string[] = [
  'it\'s "quoted" (prod), [disk:1]; {x}=|y_z',
  'ends in a backslash\\',
  '\\"\\',
  '\\N\\G\\l\\x41',
  '<script>alert(1)</script>',
  '&amp;&#60;&lt;',
  'two\nlines\r\n\ttab\0nul',
  'two-lines-tab-nul',
  '\u001b[31mred\u007f\u0085\u009b',
  '\u202egnp.exe\u2066\u2028\u2029\ufeff',
  'Größe_ĳ テスト 🐧',
  '\ud800lone\udc00',
  '--option',
  'x'.repeat(5000),
  '',
  ' ',
];
