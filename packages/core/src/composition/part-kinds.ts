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

/** What is known of one kind of parts. */
interface PartKindEntry {
  /** The plugin's member that holds the parts of the kind. */
  readonly list: 'sources' | 'readers' | 'hashers' | 'metrics' | 'clusterers' | 'reporters' | 'commands';
  /** The methods that every part of the kind has. */
  readonly methods: readonly string[];
  /** By member: what its value must be. */
  readonly members: Readonly<Record<string, Expectation>>;
}

interface Expectation {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

const TEXT: Expectation = { expected: 'text', holds: (value) => typeof value === 'string' && value !== '' };
const TEXTS: Expectation = { expected: 'a list of texts', holds: isListOfTexts };
const TEXTS_OR_NONE: Expectation = { ...TEXTS, holds: (value) => value === undefined || isListOfTexts(value) };
const ALIGNMENT: Expectation = {
  expected: 'position or free',
  holds: (value) => ['position', 'free'].includes(value as never),
};
const EXTENSION: Expectation = {
  expected: 'a file extension such as .nwk',
  holds: (value) => typeof value === 'string' && /^\.[^/\0]+$/.test(value),
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
 * The one table of part kinds, which the registry, the checks, the listing, the threads and the command read.
 * A new kind is an entry here and in `PartKinds`.
 */
export const PART_KINDS: Readonly<Record<PartKind, PartKindEntry>> = {
  source: { list: 'sources', methods: ['list'], members: {} },
  reader: {
    list: 'readers',
    methods: ['identify', 'open'],
    members: { extensions: TEXTS_OR_NONE, formats: TEXTS_OR_NONE },
  },
  hasher: { list: 'hashers', methods: ['hash'], members: { digestLength: DIGEST_LENGTH } },
  metric: { list: 'metrics', methods: ['distance'], members: { unit: TEXT, alignment: ALIGNMENT } },
  clusterer: { list: 'clusterers', methods: ['cluster'], members: { linkages: TEXTS } },
  reporter: {
    list: 'reporters',
    methods: ['report'],
    members: { extension: EXTENSION, mediaType: TEXT, options: OPTIONS_OR_NONE },
  },
  command: { list: 'commands', methods: ['run'], members: { summary: TEXT, options: OPTIONS_OR_NONE } },
};

/** In the order in which listings show them. */
export const PART_KIND_NAMES = Object.keys(PART_KINDS) as readonly PartKind[];

/** The plugin's parts of a kind, by name. */
export function contributedParts<Kind extends PartKind>(plugin: Plugin, kind: Kind): Parts<PartKinds[Kind]> {
  return (plugin[PART_KINDS[kind].list] ?? {}) as Parts<PartKinds[Kind]>;
}

/**
 * Requires of a constructed part what its kind's contract says.
 *
 * @throws `plugin`.
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

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
