import type { ErrorContext } from '../reading/read-error.js';
import type { ByteReceiver } from './byte-receiver.js';
import { protocolError, requestError } from './nbd-error.js';
import type { NbdRequest } from './nbd-request.js';
import * as protocol from './protocol.js';
import { MAXIMUM_STATUS_LENGTH } from './status-request.js';

/** The part of a connection that a reply reader uses. */
export interface ReplyListener {
  /** Returns the pending request with this handle; `undefined` if there is none. */
  find(handle: bigint): NbdRequest | undefined;
  /** Called after the last byte of a reply that is complete or reports an error (see `NbdRequest.error`). */
  finish(handle: bigint, request: NbdRequest): void;
  /** Called when the server breaks the protocol. Nothing is parsed after that. */
  fail(reason: Error): void;
}

/** The longest payload of an error chunk, in bytes: error number, length of the message, message, position. */
const MAXIMUM_DESCRIPTION = 6 + protocol.MAXIMUM_STRING_LENGTH + 8;

/** The chunk that is being received. */
interface Chunk {
  readonly flags: number;
  readonly type: number;
  readonly handle: bigint;
  readonly request: NbdRequest;
}

/** Parses the replies of the transmission phase, both simple and structured. */
export class ReplyReader {
  readonly #receiver: ByteReceiver;
  readonly #listener: ReplyListener;
  readonly #errorContext: ErrorContext;
  readonly #header = Buffer.alloc(protocol.REPLY_LENGTH);
  readonly #number = Buffer.alloc(8);
  readonly #hole = Buffer.alloc(12);

  constructor(receiver: ByteReceiver, listener: ReplyListener, errorContext: ErrorContext) {
    this.#receiver = receiver;
    this.#listener = listener;
    this.#errorContext = errorContext;
  }

  /** Parses replies until the stream ends or the server breaks the protocol. */
  start(): void {
    this.#receiver.expect(this.#header, () => this.#readHeader());
  }

  #readHeader(): void {
    const header = this.#header;
    const magic = header.readUInt32BE(0);
    const handle = header.readBigUInt64BE(8);
    const request = this.#listener.find(handle);
    if (request === undefined) {
      this.#break(`a reply to an unknown request (handle ${handle})`);
    } else if (magic === protocol.SIMPLE_REPLY_MAGIC) {
      this.#readSimpleReply(handle, request, header.readUInt32BE(4));
    } else if (magic === protocol.STRUCTURED_REPLY_MAGIC) {
      const chunk = { flags: header.readUInt16BE(4), type: header.readUInt16BE(6), handle, request };
      const length = this.#number.subarray(0, 4);
      this.#receiver.expect(length, () => this.#readChunk(chunk, length.readUInt32BE(0)));
    } else {
      this.#break(`a reply with a wrong magic number (0x${magic.toString(16)})`);
    }
  }

  #readSimpleReply(handle: bigint, request: NbdRequest, errorNumber: number): void {
    if (errorNumber !== 0) {
      request.error = requestError(this.#errorContext, errorNumber, request.position, '');
      this.#finish(handle, request);
      return;
    }
    this.#receiveData(request, request.position, request.length, () => this.#finish(handle, request));
  }

  #readChunk(chunk: Chunk, length: number): void {
    const { type, request } = chunk;
    if (type === protocol.REPLY_TYPE_OFFSET_DATA && length > 8) {
      this.#receiver.expect(this.#number, () => {
        const offset = Number(this.#number.readBigUInt64BE(0));
        this.#receiveData(request, offset, length - 8, () => this.#endChunk(chunk));
      });
    } else if (type === protocol.REPLY_TYPE_OFFSET_HOLE && length === 12) {
      this.#receiver.expect(this.#hole, () => this.#fillHole(chunk));
    } else if (type === protocol.REPLY_TYPE_BLOCK_STATUS && request.takesStatus && length <= MAXIMUM_STATUS_LENGTH) {
      const status = Buffer.allocUnsafe(length);
      this.#receiver.expect(status, () => this.#readStatus(chunk, status));
    } else if (type === protocol.REPLY_TYPE_NONE && length === 0) {
      this.#endChunk(chunk);
    } else if ((type & protocol.REPLY_TYPE_FLAG_ERROR) !== 0 && length >= 6 && length <= MAXIMUM_DESCRIPTION) {
      const description = Buffer.allocUnsafe(length);
      this.#receiver.expect(description, () => this.#readError(chunk, description));
    } else {
      this.#break(`a reply chunk of type ${type} and ${length} bytes`);
    }
  }

  #receiveData(request: NbdRequest, offset: number, length: number, whenReceived: () => void): void {
    const destination = request.destination(offset, length);
    if (destination === undefined) {
      this.#break(`${length} unrequested bytes of data at offset ${offset}`);
    } else {
      this.#receiver.expect(destination, whenReceived);
    }
  }

  #fillHole(chunk: Chunk): void {
    const offset = Number(this.#hole.readBigUInt64BE(0));
    const length = this.#hole.readUInt32BE(8);
    const destination = chunk.request.destination(offset, length);
    if (destination === undefined) {
      this.#break(`an unrequested hole of ${length} bytes at offset ${offset}`);
      return;
    }
    destination.fill(0);
    this.#endChunk(chunk);
  }

  #readStatus(chunk: Chunk, status: Buffer): void {
    const problem = chunk.request.acceptStatus(status);
    if (problem === undefined) {
      this.#endChunk(chunk);
    } else {
      this.#break(problem);
    }
  }

  /** Parses an error number, the length of a message, the message and, in one chunk type, the position of the error. */
  #readError(chunk: Chunk, description: Buffer): void {
    const { request, type } = chunk;
    const messageEnd = 6 + description.readUInt16BE(4);
    const hasOffset = type === protocol.REPLY_TYPE_ERROR_OFFSET && description.length === messageEnd + 8;
    if (messageEnd > protocol.MAXIMUM_STRING_LENGTH + 6 || messageEnd > description.length) {
      this.#break('an error message that is longer than its chunk');
      return;
    }
    const position = hasOffset ? Number(description.readBigUInt64BE(messageEnd)) : request.position;
    const message = description.toString('utf8', 6, messageEnd);
    request.error ??= requestError(this.#errorContext, description.readUInt32BE(0), position, message);
    this.#endChunk(chunk);
  }

  #endChunk({ flags, handle, request }: Chunk): void {
    if ((flags & protocol.REPLY_FLAG_DONE) !== 0) {
      this.#finish(handle, request);
    } else {
      this.start();
    }
  }

  #finish(handle: bigint, request: NbdRequest): void {
    if (request.error === undefined && !request.isComplete()) {
      this.#break(`an incomplete reply to a request for ${request.length} bytes at offset ${request.position}`);
      return;
    }
    this.#listener.finish(handle, request);
    this.start();
  }

  #break(found: string): void {
    this.#listener.fail(protocolError(this.#errorContext, found));
  }
}
