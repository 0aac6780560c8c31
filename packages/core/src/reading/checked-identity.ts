import type { ImageIdentity, Link, ObjectStamp, Stamp } from '../contracts/disk-image.js';
import { brokenContract, excerptOf } from '../errors.js';
import { FORMAT_SEPARATOR } from '../identity/chain.js';
import { STATE_NUMBERS } from '../identity/stamp.js';

/**
 * Validates and returns an identity from a reader.
 *
 * @param reader the reader's name
 * @throws `plugin` if the identity is invalid. An identity without files would equal that of every other image with the
 *   same formats, and the hash vector of another image could be used.
 */
export function checkedIdentity(reader: string, identity: ImageIdentity): ImageIdentity {
  const chain: unknown = identity?.chain;
  if (!Array.isArray(chain) || chain.length === 0) {
    throw brokenIdentity(reader, 'a chain of at least one link', chain);
  }
  for (const link of chain as readonly Link[]) {
    requireSound(reader, link);
  }
  return identity;
}

function requireSound(reader: string, { format, parts, volatile }: Link): void {
  if (typeof format !== 'string' || format.includes(FORMAT_SEPARATOR)) {
    throw brokenIdentity(reader, `links whose format is a string without ${FORMAT_SEPARATOR}`, format);
  }
  if (!Array.isArray(parts)) {
    throw brokenIdentity(reader, 'links with parts', parts);
  }
  if (parts.length === 0 && !volatile) {
    throw brokenIdentity(reader, 'links with at least one part, or volatile ones', parts);
  }
  for (const part of parts as readonly Stamp[]) {
    if (part.kind === 'object') {
      requireTexts(reader, part);
      continue;
    }
    if (part.kind !== 'file') {
      throw brokenIdentity(reader, "parts whose kind is 'file' or 'object'", (part as Stamp).kind);
    }
    const missing = STATE_NUMBERS.find((key) => typeof part[key] !== 'bigint');
    if (missing !== undefined) {
      throw brokenIdentity(reader, `parts whose ${missing} is a bigint`, part[missing]);
    }
  }
}

function requireTexts(reader: string, part: ObjectStamp): void {
  for (const key of ['path', 'version'] as const) {
    if (typeof part[key] !== 'string') {
      throw brokenIdentity(reader, `objects whose ${key} is a string`, part[key]);
    }
  }
}

function brokenIdentity(reader: string, expected: string, found: unknown): Error {
  return brokenContract(reader, `an identity to have ${expected}`, excerptOf(found), 'reader');
}
