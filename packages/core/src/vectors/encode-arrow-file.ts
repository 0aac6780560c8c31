import type { Data, DataType, Schema, Vector } from 'apache-arrow';

/** A column of an Arrow file. No value is null, except in `float64` columns. */
export interface ArrowColumn {
  readonly name: string;
  readonly type:
    | 'uint32'
    | 'float64'
    | 'utf8'
    /** Indices into this list of texts, as `Uint32Array`s. Columns with the same list share it in the file. */
    | { readonly texts: readonly string[] }
    /** Concatenated values of this many bytes each. */
    | { readonly bytes: number }
    /** Concatenated lists of this many 64-bit floating-point numbers each. */
    | { readonly numbers: number };
}

/** The values of a column in a batch. They must not change after they were yielded. */
export type ArrowValues = Uint32Array | Float64Array | Uint8Array | readonly (string | number | null)[];

/** Rows of an Arrow file: their number, and the values of each column. */
export interface ArrowBatch {
  readonly length: number;
  readonly values: readonly ArrowValues[];
}

/**
 * Yields the bytes of an Arrow IPC file, uncompressed, without extension types. The same columns, metadata and batches
 * result in equal bytes.
 *
 * Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
 *
 * @throws what `batches` throws.
 */
export async function* encodeArrowFile(
  columns: readonly ArrowColumn[],
  metadata: ReadonlyMap<string, string>,
  batches: Iterable<ArrowBatch> | AsyncIterable<ArrowBatch>,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Loaded here, because loading it takes a tenth of a second, and reading hash vectors does not need it.
  const arrow = await import('apache-arrow');
  const { AsyncByteQueue, Field, makeData, Message, RecordBatch, RecordBatchFileWriter } = arrow;

  /** Keeps only chunks that were not taken yet. The queue of apache-arrow would grow to the size of the file. */
  class Sink extends AsyncByteQueue {
    #chunks: Uint8Array[] = [];

    override write(chunk: Uint8Array): void {
      this.#chunks.push(chunk);
    }

    take(): Uint8Array[] {
      const taken = this.#chunks;
      this.#chunks = [];
      return taken;
    }
  }

  /** Writes the schema at the beginning too, as the format requires. The writer of apache-arrow does not. */
  class FileWriter extends RecordBatchFileWriter {
    protected override _writeSchema(schema: Schema): this {
      super._writeSchema(schema);
      return this._writeMessage(Message.from(schema));
    }
  }

  const dictionaries = new Map<readonly string[], { type: DataType; dictionary: Vector }>();
  const dictionaryOf = (texts: readonly string[]) => {
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint32(), dictionaries.size);
    const known = dictionaries.get(texts) ?? { type, dictionary: arrow.vectorFromArray(texts, new arrow.Utf8()) };
    dictionaries.set(texts, known);
    return known;
  };
  const number = new Field('number', new arrow.Float64(), false);
  const typeOf = ({ type }: ArrowColumn): DataType => {
    if (typeof type === 'string') {
      return { uint32: new arrow.Uint32(), float64: new arrow.Float64(), utf8: new arrow.Utf8() }[type];
    }
    if ('texts' in type) {
      return dictionaryOf(type.texts).type;
    }
    return 'bytes' in type ? new arrow.FixedSizeBinary(type.bytes) : new arrow.FixedSizeList(type.numbers, number);
  };
  const fields = columns.map((column) => new Field(column.name, typeOf(column), column.type === 'float64'));
  const schema = new arrow.Schema(fields, new Map(metadata));
  const struct = new arrow.Struct(fields);
  const dataOf = ({ type }: ArrowColumn, index: number, values: ArrowValues, length: number): Data => {
    const declared = fields[index]!.type;
    if (!ArrayBuffer.isView(values)) {
      return arrow.vectorFromArray(values, declared).data[0]!;
    }
    const plain = { length, nullCount: 0, data: values };
    if (typeof type === 'object' && 'texts' in type) {
      return makeData({ type: declared as never, ...plain, dictionary: dictionaryOf(type.texts).dictionary } as never);
    }
    if (typeof type === 'object' && 'numbers' in type) {
      const child = makeData({ type: number.type, length: values.length, nullCount: 0, data: values as Float64Array });
      return makeData({ type: declared as never, length, nullCount: 0, child } as never);
    }
    return makeData({ type: declared as never, ...plain } as never);
  };

  const sink = new Sink();
  const writer = new FileWriter();
  writer.reset(sink, schema);
  for await (const { length, values } of batches) {
    const children = columns.map((column, index) => dataOf(column, index, values[index]!, length));
    writer.write(new RecordBatch(schema, makeData({ type: struct, length, nullCount: 0, children })));
    yield* sink.take();
  }
  writer.finish();
  yield* sink.take();
}
