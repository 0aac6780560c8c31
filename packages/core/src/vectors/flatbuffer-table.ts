/** A vector of structs, or of the offsets of tables, inside a FlatBuffer. */
interface FlatbufferVector {
  readonly length: number;
  /** The offset of the first element. */
  readonly start: number;
}

/**
 * A table in a FlatBuffer that may be hostile. Every access is checked: outside of the buffer it throws a `RangeError`,
 * for a string that is not UTF-8 a `TypeError`, and for any other invalid value a plain `Error`. No unchecked length
 * determines an allocation. Fields are numbered in the order of the schema; an absent field has its default value.
 *
 * Format: https://flatbuffers.dev/internals/
 */
export class FlatbufferTable {
  readonly #view: DataView;
  readonly #position: number;
  readonly #fields: number;
  readonly #fieldCount: number;

  private constructor(view: DataView, position: number) {
    this.#view = view;
    this.#position = position;
    this.#fields = position - view.getInt32(within(view, position, 4), true);
    this.#fieldCount = (view.getUint16(within(view, this.#fields, 2), true) - 4) / 2;
  }

  /** Returns the root table of a buffer. */
  static rootOf(bytes: Uint8Array): FlatbufferTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatbufferTable(view, view.getUint32(within(view, 0, 4), true));
  }

  uint8(field: number, defaultValue: number): number {
    const at = this.#find(field);
    return at === undefined ? defaultValue : this.#view.getUint8(within(this.#view, at, 1));
  }

  int16(field: number, defaultValue: number): number {
    const at = this.#find(field);
    return at === undefined ? defaultValue : this.#view.getInt16(within(this.#view, at, 2), true);
  }

  int32(field: number, defaultValue: number): number {
    const at = this.#find(field);
    return at === undefined ? defaultValue : this.#view.getInt32(within(this.#view, at, 4), true);
  }

  /** Returns a 64-bit integer, which must be from 0 to 2⁵³ − 1; 0 if the field is absent. */
  size(field: number): number {
    const at = this.#find(field);
    return at === undefined ? 0 : this.#sizeAt(at);
  }

  has(field: number): boolean {
    return this.#find(field) !== undefined;
  }

  table(field: number): FlatbufferTable {
    const at = this.#find(field);
    if (at === undefined) {
      throw new Error('expected a nested table, found none');
    }
    return new FlatbufferTable(this.#view, this.#follow(at));
  }

  /**
   * Returns a string; empty if the field is absent. The string must have at most `longest` bytes, because a hostile
   * buffer may refer to the same string many times.
   */
  string(field: number, longest: number): string {
    const at = this.#find(field);
    if (at === undefined) {
      return '';
    }
    const start = this.#follow(at);
    const length = this.#view.getUint32(within(this.#view, start, 4), true);
    if (length > longest) {
      throw new Error(`expected a string of at most ${longest} bytes, found ${length}`);
    }
    within(this.#view, start + 4, length);
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + start + 4, length);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  }

  /** Returns the number of elements of a vector. */
  lengthOf(field: number, elementSize: number): number {
    return this.#vector(field, elementSize).length;
  }

  /** Returns an element of a vector of tables. */
  tableAt(field: number, index: number): FlatbufferTable {
    const { start } = this.#vector(field, 4);
    return new FlatbufferTable(this.#view, this.#follow(start + 4 * index));
  }

  /** Returns the 64-bit integer, from 0 to 2⁵³ − 1, at `offset` bytes in an element of a vector of structs. */
  structSize(field: number, elementSize: number, index: number, offset: number): number {
    return this.#sizeAt(this.#vector(field, elementSize).start + elementSize * index + offset);
  }

  /** Returns the 32-bit integer at `offset` bytes in an element of a vector of structs. */
  structInt32(field: number, elementSize: number, index: number, offset: number): number {
    const at = this.#vector(field, elementSize).start + elementSize * index + offset;
    return this.#view.getInt32(within(this.#view, at, 4), true);
  }

  #vector(field: number, elementSize: number): FlatbufferVector {
    const at = this.#find(field);
    if (at === undefined) {
      return { length: 0, start: 0 };
    }
    const position = this.#follow(at);
    const length = this.#view.getUint32(within(this.#view, position, 4), true);
    within(this.#view, position + 4, length * elementSize);
    return { length, start: position + 4 };
  }

  #find(field: number): number | undefined {
    if (field >= this.#fieldCount) {
      return undefined;
    }
    const offset = this.#view.getUint16(within(this.#view, this.#fields + 4 + 2 * field, 2), true);
    return offset === 0 ? undefined : this.#position + offset;
  }

  #follow(at: number): number {
    return at + this.#view.getUint32(within(this.#view, at, 4), true);
  }

  #sizeAt(at: number): number {
    const value = this.#view.getBigInt64(within(this.#view, at, 8), true);
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new Error(`expected a size from 0 to 2⁵³ − 1, found ${value}`);
    }
    return Number(value);
  }
}

/**
 * Checks that the buffer has `length` bytes at `position`. Returns the position.
 *
 * @throws `RangeError` if the buffer does not have these bytes.
 */
function within(view: DataView, position: number, length: number): number {
  if (position >= 0 && position + length <= view.byteLength) {
    return position;
  }
  throw new RangeError(`expected ${length} bytes at offset ${position}, found a buffer of ${view.byteLength} bytes`);
}
