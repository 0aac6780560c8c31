import type { OptionDeclaration } from '@virt-similarity/core';
import { readOptionValue } from '@virt-similarity/core/options';
import * as fc from 'fast-check';
import { readCommandLine } from '#cli/arguments/read-command-line.js';
import { CommanderError } from '#cli/commander.js';
import { COMMON_OPTIONS, IMAGE_OPTIONS } from '#cli/options/option-table.js';
import { parseConfiguration } from '#cli/parse-configuration.js';
import { require, type Verdict } from '../fuzz-target.js';
import { propertyTarget } from '../property-target.js';

/** Returns the number that an option reads from a text; `undefined` if the option does not accept the text. */
function numberOf(declaration: OptionDeclaration, text: string): number | undefined {
  const value = readOptionValue(declaration, text);
  return value === undefined ? undefined : Number(value);
}

const blockSizes = propertyTarget('block-sizes', 10, {
  values: fc.oneof(
    fc.string(),
    fc
      .tuple(fc.nat(), fc.constantFrom('', 'K', 'k', 'KiB', 'M', 'MiB', 'G', 'iB', ' K'))
      .map((parts) => parts.join('')),
    fc.tuple(fc.nat(26), fc.constantFrom('', 'K', 'M')).map(([power, unit]) => `${2 ** power}${unit}`),
  ),
  check: (text) => {
    const size = numberOf(IMAGE_OPTIONS['block-size'], text);
    if (size === undefined) {
      return 'rejected';
    }
    require(Number.isInteger(Math.log2(size)) && size >= 512 && size <= 2 ** 24, `a power of two, found ${size}`);
    const unit = /k/i.test(text) ? 1024 : /m/i.test(text) ? 2 ** 20 : 1;
    require(size === Number.parseInt(text, 10) * unit, `the value of ${text}, found ${size}`);
    return 'accepted';
  },
});

const BYTE_UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

const byteCounts = propertyTarget('byte-counts', 5, {
  values: fc.oneof(
    fc.string(),
    fc
      .tuple(fc.bigInt({ min: 0n, max: 2n ** 54n }), fc.constantFrom(...BYTE_UNITS, 'kib', 'TiB', 'E'))
      .map((parts) => parts.join('')),
  ),
  check: (text) => {
    const count = numberOf(IMAGE_OPTIONS['max-virtual-size'], text);
    if (count === undefined) {
      return 'rejected';
    }
    const unit = BYTE_UNITS.indexOf(/[kmgtp]/i.exec(text)?.[0].toUpperCase() ?? '');
    const expected = BigInt(/^\d+/.exec(text)?.[0] ?? 0) * 1024n ** BigInt(unit);
    require(BigInt(count) === expected && count >= 1, `${expected} bytes, found ${count}`);
    return 'accepted';
  },
});

const timeouts = propertyTarget('timeouts', 5, {
  values: fc.oneof(fc.string(), fc.double().map(String), fc.nat(2_000_000).map(String)),
  check: (text) => {
    const seconds = numberOf(COMMON_OPTIONS['plugin-timeout'], text);
    if (seconds === undefined) {
      return 'rejected';
    }
    require(seconds >= 0 &&
      seconds <= COMMON_OPTIONS['plugin-timeout'].max &&
      seconds === Number(text), `the value of ${text}, found ${seconds}`);
    return 'accepted';
  },
});

const KEYS = [
  'plugins',
  'reader',
  'hash',
  'block-size',
  'metric',
  'cache',
  'jobs',
  'sandbox',
  '__proto__',
  'constructor',
  'x',
];
const knownKeys = fc.record(
  {
    plugins: fc.array(fc.string({ minLength: 1 })),
    reader: fc.string({ minLength: 1 }),
    'block-size': fc.oneof(fc.string({ minLength: 1 }), fc.integer()),
    cache: fc.oneof(fc.string({ minLength: 1 }), fc.constant(false)),
    jobs: fc.integer(),
    'plugin-timeout': fc.double(),
    sandbox: fc.boolean(),
  },
  { requiredKeys: [] },
);

const configurations = propertyTarget('configurations', 10, {
  values: fc.oneof(
    fc.jsonValue(),
    knownKeys,
    fc.dictionary(fc.constantFrom(...KEYS), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string()))),
  ),
  check: (value) => {
    const { plugins, defaults } = parseConfiguration('config.json', JSON.parse(JSON.stringify(value)));
    require(plugins.every(({ module }) => typeof module === 'string'), 'names of plugins');
    const values = Object.values(defaults);
    const types = ['boolean', 'number', 'string'];
    require(values.every((each) => types.includes(typeof each)), 'texts, numbers and flags as defaults');
    return 'accepted';
  },
});

const WORDS = [
  ...[
    '--',
    '-',
    '-a',
    '-qv',
    '-ox',
    '--format',
    '--format=raw',
    '--block-size=64K',
    '--jobs=2',
    '--no-cache',
    '--help',
  ],
  ...['--output', '-O', 'json', '--metric', '--version', 'analyze', 'hash', 'cache', 'verify', 'a.img', '--cache='],
  ...['--format=', '--dialect', 'safe', '--__proto__', '--constructor=1', '-=', '--color', 'always', 'doctor'],
];

const ENVIRONMENT = { XDG_CONFIG_HOME: '/nonexistent' };
const UNINTERRUPTED = new AbortController().signal;

const commandLines = propertyTarget('command-lines', 20, {
  values: fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string()), { maxLength: 8 }),
  check: async (words): Promise<Verdict> => {
    // --plugin would load a module.
    const harmless = words.filter((word) => !word.startsWith('--p'));
    try {
      const invocation = await readCommandLine(harmless, '/nonexistent', ENVIRONMENT, UNINTERRUPTED, {
        note: () => {},
      });
      if (invocation.kind === 'text') {
        return 'accepted';
      }
      const { sources } = invocation.context;
      const names = sources.map((source) => ('list' in source ? source.list : source.path));
      require(names.every((name) => harmless.some((word) => word.endsWith(name))), 'images that were named');
      return 'accepted';
    } catch (thrown) {
      if (thrown instanceof CommanderError) {
        return 'rejected';
      }
      throw thrown;
    }
  },
});

/** The parsers of user input. */
export const USER_INPUT = [blockSizes, byteCounts, timeouts, configurations, commandLines];
