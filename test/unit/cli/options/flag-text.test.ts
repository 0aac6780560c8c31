import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  ANALYZE_DEFAULTS,
  ANALYZER_DEFAULTS,
  type OptionDeclarations,
  type OptionReference,
  type Reporter,
} from '@virt-similarity/core';
import { wording } from '@virt-similarity/core/errors';
import reporters from '@virt-similarity/reporters';
import { flagText } from '#cli/options/flag-text.js';
import { flagsOf } from '#cli/options/flags.js';
import { COMMON_OPTIONS, COMPARISON_OPTIONS, IMAGE_OPTIONS, REPORT_OPTIONS } from '#cli/options/option-table.js';

const LIBRARIES = ['core', 'readers', 'image-tools', 'hashers', 'reporters'];

/** The options that built-in reporters declare. Their flags have the same names. */
const REPORTER_OPTIONS: OptionDeclarations = Object.assign(
  {},
  ...Object.values(reporters.reporters).map((Part): Reporter['options'] => (new Part() as Reporter).options),
);

const FLAGS = flagsOf({
  ...COMMON_OPTIONS,
  ...IMAGE_OPTIONS,
  ...COMPARISON_OPTIONS,
  ...REPORT_OPTIONS,
  ...REPORTER_OPTIONS,
});

/** A reference to an option in source code, with its value if any. */
const REFERENCE = /\{ option: '([\w-]+)'(?:, value: ('[^']*'|\w[\w.]*))?/g;

/** The name of each module of the libraries, and its code without comments. */
const SOURCES = LIBRARIES.flatMap((library) => {
  const directory = join('packages', library, 'src');
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return names.map((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    return { name: join(library, name), code: text.replace(/\/\*.*?\*\/|^\s*\/\/.*?$/gms, '') };
  });
});

/** The options that messages of the libraries name. A value that is a number or a name in the code becomes `x`. */
const REFERENCES: readonly OptionReference[] = SOURCES.flatMap(({ code }) =>
  [...code.matchAll(REFERENCE)].map(([, option = '', value]) => {
    if (value === undefined) {
      return { option };
    }
    if (value === 'true' || value === 'false') {
      return { option, value: value === 'true' };
    }
    return { option, value: value.startsWith("'") ? value.slice(1, -1) : 'x' };
  }),
);

describe('flagText renders an option of the library as a flag', () => {
  test.each<[OptionReference, string]>([
    [{ option: 'jobs' }, '--jobs'],
    [{ option: 'reader', value: 'libguestfs' }, '--reader libguestfs'],
    [{ option: 'hasher', value: 'md5' }, '--hash md5'],
    [{ option: 'hasher', value: 'x;rm -rf ~' }, "--hash 'x;rm -rf ~'"],
    [{ option: 'hasher', value: '--jobs' }, "--hash '--jobs'"],
    [{ option: 'blockSize', value: 4096 }, '--block-size 4096'],
    [{ option: 'allowInUse', value: true }, '--allow-in-use'],
    [{ option: 'sandbox', value: 'off' }, '--no-sandbox'],
    [{ option: 'cache', value: false }, '--no-cache'],
    [{ option: 'onNote' }, '--verbose'],
    [{ option: 'companion' }, '--names FILE'],
    [{ option: 'negative-branches', value: true }, '--negative-branches'],
    [{ option: 'allowBacking', value: ['/a', "/b's c"] }, "--allow-backing '/a' --allow-backing '/b'\\''s c'"],
    [
      { option: 'format', value: 'raw', image: '-a b.img', others: 'qcow2' },
      "--format raw './-a b.img' --format qcow2",
    ],
  ])('%j', (reference, flag) => {
    expect(flagText(wording`pass ${reference}, or not`)).toBe(`pass ${flag}, or not`);
  });

  test('and leaves text without options unchanged', () => {
    expect(flagText('lower your expectations')).toBe('lower your expectations');
  });
});

describe('messages of the libraries', () => {
  test('name only options that exist in the library and have a flag', () => {
    const known = [
      ...Object.keys({ ...ANALYZE_DEFAULTS, ...ANALYZER_DEFAULTS }),
      'cache',
      // A method: `Analyzer.companion`.
      'companion',
      'format',
      'keys',
      'onNote',
      ...Object.keys(REPORTER_OPTIONS),
    ];
    expect(REFERENCES.length).toBeGreaterThan(15);
    for (const reference of REFERENCES) {
      expect(known).toContain(reference.option);
      const [flag, value] = flagText([reference]).split(' ');
      const found = FLAGS.find(({ long }) => long === flag);
      expect({ flag, found }).toEqual({ flag, found: expect.anything() });
      expect({ flag, takesValue: found?.takesValue }).toEqual({
        flag,
        takesValue: reference.value === undefined ? found?.takesValue : value !== undefined,
      });
    }
  });

  test('do not name flags of the command', () => {
    // `--output=json` is an argument of qemu-img. Messages never write flags with an equals sign.
    const flag = new RegExp(`(?<![\\w-])(?:${FLAGS.map(({ long }) => long).join('|')})(?![\\w=-])`, 'g');
    expect(flag.test('choose --reader qemu')).toBe(true);
    const named = SOURCES.flatMap(({ name, code }) => (code.match(flag) ?? []).map((found) => `${name}: ${found}`));
    expect(named).toEqual([]);
  });
});
