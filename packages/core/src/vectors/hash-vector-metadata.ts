import type { ImageIdentity, Stamp } from '../contracts/disk-image.js';
import type { HashVectorHeader } from '../contracts/hash-vector.js';
import { FORMAT_SEPARATOR, formatsOf, partsOf } from '../identity/chain.js';
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
  /** The parts of the image's chain. They were called layers when the format was defined. */
  layers: 'virt-similarity.layers',
  /** The formats of the chain as one string. */
  view: 'virt-similarity.view',
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
    metadata.set(METADATA_KEYS.layers, JSON.stringify(partsOf(header.identity).map(partToJson)));
    metadata.set(METADATA_KEYS.view, formatsOf(header.identity));
  }
  return metadata;
}

/** Returns the name as UTF-8, and a second time as JSON, which escapes the rest, if UTF-8 cannot represent it. */
function namesOf(name: string): [string, string][] {
  const text = Buffer.from(name).toString();
  const exactly: [string, string][] = text === name ? [] : [[METADATA_KEYS.exactName, JSON.stringify(name)]];
  return [[METADATA_KEYS.name, text], ...exactly];
}

/**
 * Returns the part of a header that is in an Arrow schema's metadata. If there is no name, uses `path`.
 *
 * @throws a plain `Error` that says what was expected and found. Ranges are not checked here.
 */
export function headerFromMetadata(
  metadata: ReadonlyMap<string, string>,
  path: string,
): Omit<HashVectorHeader, 'dataBlocks' | 'digestLength'> {
  const format = required(metadata, METADATA_KEYS.format);
  if (format !== FORMAT) {
    throw new Error(`expected ${METADATA_KEYS.format} ${FORMAT}, found ${JSON.stringify(format.slice(0, 20))}`);
  }
  const identity = identityFrom(metadata.get(METADATA_KEYS.layers), metadata.get(METADATA_KEYS.view));
  const hasherVersion = metadata.get(METADATA_KEYS.hasherVersion);
  return {
    name: nameFrom(metadata) ?? path,
    algorithm: required(metadata, METADATA_KEYS.algorithm),
    ...(hasherVersion !== undefined && { hasherVersion }),
    blockSize: decimal(metadata, METADATA_KEYS.blockSize),
    virtualSize: decimal(metadata, METADATA_KEYS.virtualSize),
    ...(identity && { identity }),
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

function identityFrom(layers: string | undefined, view: string | undefined): ImageIdentity | undefined {
  if (layers === undefined && view === undefined) {
    return undefined;
  }
  if (layers === undefined || view === undefined) {
    throw new Error(`expected both ${METADATA_KEYS.layers} and ${METADATA_KEYS.view}, found only one`);
  }
  const parsed: unknown = JSON.parse(layers);
  if (!Array.isArray(parsed)) {
    throw new Error(`expected a list as ${METADATA_KEYS.layers}, found ${describe(layers)}`);
  }
  return chainOf(view, parsed.map(partFromJson));
}

/**
 * Builds the chain. The metadata do not record which link has which part. If there is not one part per format, returns
 * a single link with all parts: the files and formats, by which entries are found and images are watched, are the
 * same.
 */
function chainOf(view: string, parts: readonly Stamp[]): ImageIdentity {
  const formats = view.split(FORMAT_SEPARATOR);
  return formats.length === parts.length
    ? { chain: parts.map((part, index) => ({ format: formats[index]!, parts: [part] })) }
    : { chain: [{ format: view, parts }] };
}

function partToJson(part: Stamp): Record<string, string> {
  if (part.kind === 'object') {
    return { object: part.path, version: part.version };
  }
  return { path: part.path, ...Object.fromEntries(STATE_NUMBERS.map((key) => [key, String(part[key])])) };
}

function partFromJson(value: unknown): Stamp {
  if (typeof value !== 'object' || value === null) {
    throw new Error(`expected a layer, found ${describe(value)}`);
  }
  const properties = new Map<string, unknown>(Object.entries(value));
  if (properties.has('object')) {
    const [object, version] = [properties.get('object'), properties.get('version')];
    if (typeof object !== 'string' || typeof version !== 'string') {
      throw new Error(`expected an object's name and version as text, found ${describe(value)}`);
    }
    return { kind: 'object', path: object, version };
  }
  const path = properties.get('path');
  if (typeof path !== 'string') {
    throw new Error(`expected a layer's path, found ${describe(path)}`);
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
    throw new Error(`expected a layer's ${key} as a decimal string, found ${describe(value)}`);
  }
  return BigInt(value);
}

function describe(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}
