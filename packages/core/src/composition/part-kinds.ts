import type {
  Constructor,
  PartFactory,
  PartKind,
  PartKinds,
  PartProvider,
  Parts,
  Plugin,
} from '../contracts/plugin.js';
import { brokenContract, excerptOf } from '../errors.js';
import { areDeclarations } from './option-values.js';

/** The properties of a kind of parts. */
interface PartKindEntry {
  /** The plugin's member with the parts of this kind. */
  readonly list: 'sources' | 'readers' | 'hashers' | 'metrics' | 'clusterers' | 'reporters' | 'commands';
  /** The methods that every part of this kind must have. */
  readonly methods: readonly string[];
  /** What the values of other members must be, by the names of the members. */
  readonly members: Readonly<Record<string, Expectation>>;
}

interface Expectation {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

const TEXT: Expectation = {
  expected: 'a non-empty string',
  holds: (value) => typeof value === 'string' && value !== '',
};
const STRINGS: Expectation = { expected: 'a list of strings', holds: isListOfStrings };
const STRINGS_OR_NONE: Expectation = { ...STRINGS, holds: (value) => value === undefined || isListOfStrings(value) };
const ALIGNMENT: Expectation = {
  expected: 'position, free or distinct',
  holds: (value) => ['position', 'free', 'distinct'].includes(value as never),
};
const EXTENSION: Expectation = {
  expected: 'a file extension such as .nwk',
  holds: (value) => typeof value === 'string' && /^\.[^/\0]+$/.test(value),
};
const EXTENSIONS_OR_NONE: Expectation = {
  expected: 'a list of file extensions such as .tree',
  holds: (value) => value === undefined || (Array.isArray(value) && value.every(EXTENSION.holds)),
};
const OPTIONS_OR_NONE: Expectation = {
  expected: "options by name, such as { heights: { type: 'boolean', description: '…' } }",
  holds: (value) => value === undefined || areDeclarations(value),
};
const DIGEST_LENGTH: Expectation = {
  expected: 'a whole number of bytes from 1 to 64',
  holds: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64,
};

/**
 * The properties of every kind of part. All code that handles parts of all kinds reads this table. To add a kind, add
 * an entry here, in `PartKinds` and in `PartKindEntry.list`, and a member of `Plugin`.
 */
export const PART_KINDS: Readonly<Record<PartKind, PartKindEntry>> = {
  source: { list: 'sources', methods: ['list'], members: {} },
  reader: {
    list: 'readers',
    methods: ['identify', 'open'],
    members: { extensions: STRINGS_OR_NONE, formats: STRINGS_OR_NONE },
  },
  hasher: { list: 'hashers', methods: ['hash'], members: { digestLength: DIGEST_LENGTH } },
  metric: { list: 'metrics', methods: ['distance'], members: { unit: TEXT, alignment: ALIGNMENT } },
  clusterer: { list: 'clusterers', methods: ['cluster'], members: { linkages: STRINGS } },
  reporter: {
    list: 'reporters',
    methods: ['report'],
    members: {
      extension: EXTENSION,
      otherExtensions: EXTENSIONS_OR_NONE,
      mediaType: TEXT,
      options: OPTIONS_OR_NONE,
    },
  },
  command: { list: 'commands', methods: ['run'], members: { summary: TEXT, options: OPTIONS_OR_NONE } },
};

/** The names of the part kinds, in the order of listings. */
export const PART_KIND_NAMES = Object.keys(PART_KINDS) as readonly PartKind[];

/** Returns a plugin's parts of a kind, by name. */
export function contributedParts<Kind extends PartKind>(plugin: Plugin, kind: Kind): Parts<PartKinds[Kind]> {
  return (plugin[PART_KINDS[kind].list] ?? {}) as Parts<PartKinds[Kind]>;
}

/**
 * Requires that a constructed part has the methods and members of its kind.
 *
 * @throws `plugin` if a method or member is missing or invalid.
 */
export function requirePart(kind: PartKind, name: string, part: unknown): void {
  const { methods, members } = PART_KINDS[kind];
  if (typeof part !== 'object' || part === null) {
    throw brokenContract(name, `a ${kind}`, excerptOf(part), kind);
  }
  const found = part as Record<string, unknown>;
  const method = methods.find((each) => typeof found[each] !== 'function');
  if (method !== undefined) {
    throw brokenContract(name, `the ${kind} to have a method ${method}`, excerptOf(found[method]), kind);
  }
  for (const [member, { expected, holds }] of Object.entries(members)) {
    if (holds(found[member])) {
      continue;
    }
    throw brokenContract(name, `the ${kind}'s ${member} to be ${expected}`, excerptOf(found[member]), kind);
  }
}

export function isConstructor<Part>(provider: PartProvider<Part>): provider is Constructor<Part> {
  return typeof provider === 'function';
}

export function isFactory<Part>(provider: PartProvider<Part>): provider is PartFactory<Part> {
  return typeof provider === 'object' && provider !== null && 'create' in provider;
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
