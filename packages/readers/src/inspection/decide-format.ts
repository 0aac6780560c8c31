import { basename, extname } from 'node:path';
import type { FileEnds } from './format-inspector.js';
import { FORMATS } from './formats.js';
import { corrupt, HeaderError, refused } from './header-error.js';
import { isPlainText } from './plain-text.js';

/** The formats that each extension stands for. */
const EXTENSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['.raw', ['raw']],
  ['.qcow2', ['qcow2']],
  ['.qcow', ['qcow', 'qcow2']],
  ['.vmdk', ['vmdk']],
  ['.vdi', ['vdi']],
  ['.vhdx', ['vhdx']],
  ['.vhd', ['vpc']],
  ['.vpc', ['vpc']],
  ['.qed', ['qed']],
  ['.parallels', ['parallels']],
  ['.hdd', ['parallels']],
  ['.hds', ['parallels']],
  ['.dmg', ['dmg']],
  ['.luks', ['luks']],
]);

/** Extensions of disk images that say nothing of the format. */
const NEUTRAL_EXTENSIONS = new Set(['.img', '.bin', '.iso', '.dd', '.dsk', '.disk', '.image', '.ima', '.flp']);

/** What is known of a file before its format is decided. */
export interface FormatEvidence {
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly isDevice: boolean;
  readonly ends: FileEnds;
  /** The format that the user or the header above states. */
  readonly stated: string | undefined;
  /** How a format can be stated: by the user for his own file, by the header above for a backing file. */
  readonly statedBy: 'user' | 'overlay';
}

/** The format in which a file is read. */
export interface FormatDecision {
  readonly format: string;
  /** Whether only the header speaks for it: then it may not lead to any other file. */
  readonly mustBeSelfContained: boolean;
}

/**
 * Decides a file's format from what is stated, or else from its extension and header together. A guest writes its raw
 * disk's first and last bytes, so a header alone is not enough to follow it to other files. Throws `HeaderError`.
 */
export function decideFormat(evidence: FormatEvidence): FormatDecision {
  const { stated } = evidence;
  const found = recognize(evidence.ends);
  if (stated !== undefined) {
    return certain(statedFormat(stated, found?.format, evidence));
  }
  const expected = evidence.isDevice ? undefined : EXTENSIONS.get(extensionOf(evidence.path));
  if (expected === undefined) {
    return decideByHeader(evidence, found);
  }
  if (expected.includes('raw')) {
    requireNoMagic(evidence, found);
    return certain('raw');
  }
  if (found === undefined) {
    throw missingHeader(expected.join(' or '), undefined, evidence);
  }
  if (!expected.includes(found.format)) {
    throw refused(contradiction(expected.join(' or '), found.format, evidence));
  }
  return certain(found.format);
}

interface Recognition {
  readonly format: string;
  readonly at: 'head' | 'tail';
}

/** The format whose magic the file bears, a magic at its beginning first. */
function recognize(ends: FileEnds): Recognition | undefined {
  const all = FORMATS.flatMap(({ format, recognize: test }) => {
    const at = test(ends);
    return at === undefined ? [] : [{ format, at }];
  });
  return all.find(({ at }) => at === 'head') ?? all[0];
}

function certain(format: string): FormatDecision {
  return { format, mustBeSelfContained: false };
}

function statedFormat(stated: string, found: string | undefined, evidence: FormatEvidence): string {
  if (stated === 'raw') {
    return stated;
  }
  const known = FORMATS.map(({ format }) => format);
  if (!known.includes(stated)) {
    const code = evidence.statedBy === 'user' ? 'usage' : 'refused';
    throw new HeaderError(code, `there is no format ${JSON.stringify(stated)}; known are raw, ${known.join(', ')}`);
  }
  if (found !== stated) {
    throw missingHeader(stated, found, evidence);
  }
  return stated;
}

function missingHeader(expected: string, found: string | undefined, evidence: FormatEvidence): HeaderError {
  if (evidence.size === 0) {
    return corrupt(
      `it is empty; expected a ${expected} header`,
      `${remedy(evidence, 'raw')} if a disk of 0 bytes is meant`,
    );
  }
  const instead = found === undefined ? 'no known header' : `a ${found} header`;
  return corrupt(
    `expected a ${expected} header, found ${instead}`,
    `${remedy(evidence, found ?? 'raw')} if that is what it is`,
  );
}

/** A `.raw` disk holding another format's header is ambiguous; an encrypted one is opaque bytes either way. */
function requireNoMagic(evidence: FormatEvidence, found: Recognition | undefined): void {
  if (found !== undefined && found.format !== 'luks') {
    throw refused(contradiction('raw', found.format, evidence));
  }
}

function contradiction(named: string, found: string, evidence: FormatEvidence): string {
  return `its name says ${named}, but it holds a ${found} header; ${remedy(evidence, 'raw', found)}`;
}

function decideByHeader(evidence: FormatEvidence, found: Recognition | undefined): FormatDecision {
  if (found?.at === 'tail') {
    throw refused(
      `only its last bytes say ${found.format}, its name does not; ${remedy(evidence, found.format, 'raw')}`,
    );
  }
  if (found !== undefined && found.format !== 'luks') {
    return { format: found.format, mustBeSelfContained: true };
  }
  if (evidence.size === 0) {
    throw missingHeader('disk image', undefined, evidence);
  }
  const neutral = evidence.isDevice || NEUTRAL_EXTENSIONS.has(extensionOf(evidence.path));
  if (!neutral && isPlainText(evidence.ends.head)) {
    throw refused(`it holds text, not a disk image; ${remedy(evidence, 'raw')} if it is one`);
  }
  return certain('raw');
}

/** What states one of the formats, so that there is no doubt any more. */
export function remedy({ statedBy }: Pick<FormatEvidence, 'statedBy'>, ...formats: readonly string[]): string {
  return statedBy === 'user'
    ? `pass ${formats.map((format) => `--format ${format}`).join(' or ')}`
    : `state its format in the overlay with qemu-img rebase -u -F ${formats.join(' or -F ')}`;
}

function extensionOf(path: string): string {
  return extname(basename(path)).toLowerCase();
}
