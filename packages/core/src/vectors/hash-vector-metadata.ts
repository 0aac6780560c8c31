import type { CiphertextVolume, ImageIdentity, Link, Stamp } from '../contracts/disk-image.js';
import type { HashVectorHeader } from '../contracts/hash-vector.js';
import { STATE_NUMBERS } from '../identity/stamp.js';

/** The version of the hash-vector file format that this code writes and reads. */
const FORMAT = '1';

/** The keys of a header in an Arrow schema's metadata. */
export const METADATA_KEYS = {
  format: 'virt-similarity.format',
  algorithm: 'virt-similarity.algorithm',
  hasherVersion: 'virt-similarity.hasher-version',
  blockSize: 'virt-similarity.block-size',
  virtualSize: 'virt-similarity.virtual-size',
  name: 'virt-similarity.name',
  exactName: 'virt-similarity.exact-name',
  /** The links of the image's chain, as JSON. */
  chain: 'virt-similarity.chain',
} as const;

/** Converts a header to the metadata of an Arrow schema, always in the same order. */
export function metadataOf(header: HashVectorHeader): Map<string, string> {
  const metadata = new Map<string, string>([
    [METADATA_KEYS.format, FORMAT],
    [METADATA_KEYS.algorithm, header.algorithm],
    [METADATA_KEYS.blockSize, String(header.blockSize)],
    [METADATA_KEYS.virtualSize, String(header.virtualSize)],
    ...namesOf(header.name),
  ]);
  if (header.hasherVersion !== undefined) {
    metadata.set(METADATA_KEYS.hasherVersion, header.hasherVersion);
  }
  if (header.identity !== undefined) {
    metadata.set(METADATA_KEYS.chain, JSON.stringify(header.identity.chain.map(linkToJson)));
  }
  return metadata;
}

/**
 * Returns the pairs for the name: the name as UTF-8 and, if it contains characters that UTF-8 cannot represent, also as
 * JSON, which escapes these characters.
 */
function namesOf(name: string): [string, string][] {
  const text = Buffer.from(name).toString();
  const exactly: [string, string][] = text === name ? [] : [[METADATA_KEYS.exactName, JSON.stringify(name)]];
  return [[METADATA_KEYS.name, text], ...exactly];
}

/**
 * Returns the part of a header that is in an Arrow schema's metadata. If the metadata contains no name, the name is
 * `path`.
 *
 * @throws a built-in error if a value is missing or has the wrong form. Ranges are not checked here.
 */
export function headerFromMetadata(
  metadata: ReadonlyMap<string, string>,
  path: string,
): Omit<HashVectorHeader, 'dataBlocks' | 'digestLength'> {
  const format = required(metadata, METADATA_KEYS.format);
  if (format !== FORMAT) {
    throw new Error(`expected ${METADATA_KEYS.format} ${FORMAT}, found ${JSON.stringify(format.slice(0, 20))}`);
  }
  const chain = metadata.get(METADATA_KEYS.chain);
  const hasherVersion = metadata.get(METADATA_KEYS.hasherVersion);
  return {
    name: nameFrom(metadata) ?? path,
    algorithm: required(metadata, METADATA_KEYS.algorithm),
    ...(hasherVersion !== undefined && { hasherVersion }),
    blockSize: decimal(metadata, METADATA_KEYS.blockSize),
    virtualSize: decimal(metadata, METADATA_KEYS.virtualSize),
    ...(chain !== undefined && { identity: identityFrom(chain) }),
  };
}

function nameFrom(metadata: ReadonlyMap<string, string>): string | undefined {
  const exactly = metadata.get(METADATA_KEYS.exactName);
  if (exactly === undefined) {
    return metadata.get(METADATA_KEYS.name);
  }
  const name: unknown = JSON.parse(exactly);
  if (typeof name !== 'string') {
    throw new Error(`expected text as ${METADATA_KEYS.exactName}, found ${describe(name)}`);
  }
  return name;
}

function required(metadata: ReadonlyMap<string, string>, key: string): string {
  const value = metadata.get(key);
  if (value === undefined) {
    throw new Error(`expected ${key} in the schema's metadata, found none`);
  }
  return value;
}

function decimal(metadata: ReadonlyMap<string, string>, key: string): number {
  const text = required(metadata, key);
  if (!/^\d{1,16}$/.test(text)) {
    throw new Error(`expected a whole number as ${key}, found ${describe(text)}`);
  }
  return Number(text);
}

function identityFrom(text: string): ImageIdentity {
  const chain: unknown = JSON.parse(text);
  if (!Array.isArray(chain) || chain.length === 0) {
    throw new Error(`expected a list of links as ${METADATA_KEYS.chain}, found ${describe(text)}`);
  }
  return { chain: chain.map(linkFromJson) };
}

/** Omits `standalone`, which is a property of the reader, not of the content. */
function linkToJson({ format, encryption, ciphertext, parts, volatile }: Link): Record<string, unknown> {
  return {
    format,
    ...(encryption && { encryption }),
    ...(ciphertext && { ciphertext }),
    ...(volatile && { volatile }),
    parts: parts.map(partToJson),
  };
}

function linkFromJson(value: unknown): Link {
  const properties = propertiesOf(value, 'a link');
  const [format, encryption, ciphertext, parts, volatile] = [
    'format',
    'encryption',
    'ciphertext',
    'parts',
    'volatile',
  ].map((name) => properties.get(name));
  if (typeof format !== 'string') {
    throw new Error(`expected a link's format as text, found ${describe(format)}`);
  }
  if (!Array.isArray(parts)) {
    throw new Error(`expected a link's parts as a list, found ${describe(parts)}`);
  }
  if (encryption !== undefined && encryption !== 'ciphertext' && encryption !== 'decrypted') {
    throw new Error(
      `expected a link's encryption to be ciphertext, decrypted or absent, found ${describe(encryption)}`,
    );
  }
  if (ciphertext !== undefined && !Array.isArray(ciphertext)) {
    throw new Error(`expected a link's ciphertext as a list or absent, found ${describe(ciphertext)}`);
  }
  if (volatile !== undefined && volatile !== true) {
    throw new Error(`expected a link's volatile to be true or absent, found ${describe(volatile)}`);
  }
  return {
    format,
    parts: parts.map(partFromJson),
    ...(encryption !== undefined && { encryption }),
    ...(ciphertext !== undefined && { ciphertext: ciphertext.map(volumeFromJson) }),
    ...(volatile && { volatile }),
  };
}

function volumeFromJson(value: unknown): CiphertextVolume {
  const properties = propertiesOf(value, 'a volume');
  const [scheme, partition, selector] = ['scheme', 'partition', 'selector'].map((name) => properties.get(name));
  if (
    typeof scheme !== 'string' ||
    !(partition === undefined || Number.isInteger(partition)) ||
    !(selector === undefined || typeof selector === 'string')
  ) {
    throw new Error(`expected a volume's scheme, partition number and selector, found ${describe(value)}`);
  }
  return {
    scheme,
    ...(partition !== undefined && { partition: Number(partition) }),
    ...(selector !== undefined && { selector }),
  };
}

function propertiesOf(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) {
    throw new Error(`expected ${what}, found ${describe(value)}`);
  }
  return new Map(Object.entries(value));
}

function partToJson(part: Stamp): Record<string, string> {
  if (part.kind === 'object') {
    return { object: part.path, version: part.version };
  }
  return { path: part.path, ...Object.fromEntries(STATE_NUMBERS.map((key) => [key, String(part[key])])) };
}

function partFromJson(value: unknown): Stamp {
  const properties = propertiesOf(value, 'a part');
  if (properties.has('object')) {
    const [object, version] = [properties.get('object'), properties.get('version')];
    if (typeof object !== 'string' || typeof version !== 'string') {
      throw new Error(`expected an object's name and version as text, found ${describe(value)}`);
    }
    return { kind: 'object', path: object, version };
  }
  const path = properties.get('path');
  if (typeof path !== 'string') {
    throw new Error(`expected a part's path, found ${describe(path)}`);
  }
  const number = (key: string) => bigIntFrom(properties.get(key), key);
  return {
    kind: 'file',
    path,
    device: number('device'),
    inode: number('inode'),
    size: number('size'),
    mtimeNs: number('mtimeNs'),
    ctimeNs: number('ctimeNs'),
  };
}

function bigIntFrom(value: unknown, key: string): bigint {
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) {
    throw new Error(`expected a part's ${key} as a decimal string, found ${describe(value)}`);
  }
  return BigInt(value);
}

function describe(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}
