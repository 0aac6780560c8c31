import type { SeededRandom } from '../fixtures/seeded-random.js';

/** An unsigned number in a file. */
export interface Field {
  readonly offset: number;
  readonly bytes: 1 | 2 | 4 | 8;
  readonly order: 'big' | 'little';
}

/** Bytes to write to a file at an offset. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** A deliberate corruption of a file. */
export interface Mutation {
  readonly patches: readonly Patch[];
  /** The size of the corrupted file in bytes. */
  readonly size: number;
}

/** Returns consecutive fields of equal length. */
export function fieldsAt(
  offset: number,
  count: number,
  bytes: Field['bytes'],
  order: Field['order'],
  stride: number = bytes,
): Field[] {
  return Array.from({ length: count }, (_, index) => ({ offset: offset + index * stride, bytes, order }));
}

/** Returns one to four changes to a file: mostly to fields, sometimes to any bytes or to the length. */
export function mutate(content: Buffer, fields: readonly Field[], random: SeededRandom): Mutation {
  const within = fields.filter(({ offset, bytes }) => offset + bytes <= content.length);
  const patches: Patch[] = [];
  let size = content.length;
  for (let changes = 1 + random.below(4); changes > 0; changes -= 1) {
    const kind = random.below(20);
    if (kind < 15 && within.length > 0) {
      patches.push(changedField(content, within, random));
    } else if (kind < 17) {
      patches.push(copiedPiece(content, random));
    } else if (kind < 19) {
      patches.push(noise(content, random));
    } else {
      size = otherSize(content.length, random);
    }
  }
  return { patches, size };
}

/** Returns the complete content of the file after a mutation. */
export function applied(content: Buffer, { patches, size }: Mutation): Buffer {
  const changed = Buffer.alloc(Math.max(size, content.length));
  content.copy(changed);
  for (const { offset, bytes } of patches) {
    bytes.copy(changed, offset);
  }
  return changed.subarray(0, size);
}

/** Describes a mutation precisely enough to repeat it. */
export function described({ patches, size }: Mutation): string {
  return [...patches.map(({ offset, bytes }) => `${bytes.toString('hex')} at ${offset}`), `size ${size}`].join(', ');
}

function changedField(content: Buffer, fields: readonly Field[], random: SeededRandom): Patch {
  const field = random.oneOf(fields);
  const value = otherValue(numberAt(content, field), content, { field, fields }, random);
  return { offset: field.offset, bytes: bytesOf(BigInt.asUintN(field.bytes * 8, value), field) };
}

/**
 * Returns a value that code could handle wrongly: a limit, a value near the old value or the size, the value of another
 * field, or a random value.
 */
function otherValue(
  old: bigint,
  content: Buffer,
  { field, fields }: { readonly field: Field; readonly fields: readonly Field[] },
  random: SeededRandom,
): bigint {
  const bits = field.bytes * 8;
  const power = 1n << BigInt(random.below(bits));
  switch (random.below(10)) {
    case 0:
      return 0n;
    case 1:
      return -1n;
    case 2:
      return power;
    case 3:
      return power - 1n;
    case 4:
      return old ^ power;
    case 5:
      return old + power;
    case 6:
      return old - power;
    case 7:
      return BigInt(content.length) + BigInt(random.below(3) - 1) * BigInt(random.oneOf([1, 512, 4096, 65_536]));
    case 8:
      return numberAt(content, random.oneOf(fields));
    default:
      return (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
  }
}

function copiedPiece(content: Buffer, random: SeededRandom): Patch {
  const length = random.oneOf([1, 8, 64, 512]);
  const from = random.below(content.length);
  const offset = random.below(content.length);
  return clipped(content, offset, Buffer.from(content.subarray(from, from + length)));
}

function noise(content: Buffer, random: SeededRandom): Patch {
  const bytes = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
  // Changes headers, which are at either end, more often than data.
  const near = random.below(Math.min(1024, content.length));
  const offset = random.oneOf([near, content.length - 1 - near, random.below(content.length)]);
  return clipped(content, offset, bytes);
}

function clipped(content: Buffer, offset: number, bytes: Buffer): Patch {
  return { offset, bytes: bytes.subarray(0, Math.max(0, content.length - offset)) };
}

function otherSize(size: number, random: SeededRandom): number {
  return random.oneOf([random.below(size), random.below(Math.min(size, 2048)), size - 1, size + 512]);
}

function numberAt(content: Buffer, { offset, bytes, order }: Field): bigint {
  const raw = Buffer.from(content.subarray(offset, offset + bytes));
  if (order === 'little') {
    raw.reverse();
  }
  return BigInt(`0x${raw.toString('hex')}`);
}

function bytesOf(value: bigint, { bytes, order }: Field): Buffer {
  const raw = Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
  return order === 'little' ? raw.reverse() : raw;
}
