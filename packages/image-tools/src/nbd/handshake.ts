import { type ErrorContext, readError } from '../reading/read-error.js';
import { protocolError } from './nbd-error.js';
import { type HandshakeStream, OptionExchange, type OptionReply } from './option-exchange.js';
import * as protocol from './protocol.js';

/** The server's description of an export. */
export interface NbdExport {
  /** Size in bytes. */
  readonly size: number;
  /**
   * Bytes. The position of a request must be a multiple of this number. So must its length, unless the request ends at
   * the end of the export.
   */
  readonly minimumBlockSize: number;
  /** The largest read to request, in bytes: a multiple of `minimumBlockSize`, at most 32 MiB. */
  readonly maximumBlockSize: number;
  /** Whether a request can forbid the server to split its reply. */
  readonly canForbidFragments: boolean;
  /** Whether several simultaneous connections see the same content. */
  readonly allowsMoreConnections: boolean;
  /**
   * Number of the metadata context `base:allocation`; absent if it was not requested or the server does not offer it.
   */
  readonly allocationContext?: number;
}

/** What the client asks for in a handshake. */
export interface HandshakeRequest {
  /** Name of the export; empty for the server's default export. */
  readonly exportName: string;
  /** Set to ask for `base:allocation`, so that the client can query the export's ranges of zeros. */
  readonly map?: true | undefined;
  /** Encrypts the stream. If set, a server without TLS is refused. If absent, the connection is not encrypted. */
  readonly startTls?: (() => Promise<void>) | undefined;
}

/** The server's reply that starts the transmission phase. */
interface ExportReply extends Pick<NbdExport, 'size' | 'minimumBlockSize' | 'maximumBlockSize'> {
  /** The transmission flags. */
  readonly flags: number;
}

/**
 * Performs the fixed newstyle handshake, from the server's greeting to the start of the transmission phase.
 * Asks for structured replies and block sizes, and works without them if the server does not support them.
 *
 * @throws `unreadable` if the server refuses the export, does not support the requested TLS, or requires TLS that was
 *   not requested; `unavailable` if the server breaks the protocol; the errors of `startTls` and of the stream.
 */
export async function shakeHands(
  stream: HandshakeStream,
  { exportName, map, startTls }: HandshakeRequest,
  errorContext: ErrorContext,
): Promise<NbdExport> {
  const zeroesOmitted = await greet(stream, errorContext);
  const negotiation = new Negotiation(stream, errorContext);
  if (startTls !== undefined) {
    await negotiation.requireTls();
    await startTls();
  }
  const structured = await negotiation.enableStructuredReplies();
  const allocationContext = structured && map ? await negotiation.allocationContext(exportName) : undefined;
  const { flags, ...sizes } =
    (await negotiation.go(exportName)) ?? (await negotiation.chooseByName(exportName, zeroesOmitted));
  return {
    ...sizes,
    canForbidFragments: structured && (flags & protocol.FLAG_SEND_DF) !== 0,
    allowsMoreConnections: (flags & protocol.FLAG_CAN_MULTI_CONN) !== 0,
    ...(allocationContext !== undefined && { allocationContext }),
  };
}

/** Exchanges the greeting and returns whether the reply to `OPT_EXPORT_NAME` will omit its padding. */
async function greet(stream: HandshakeStream, errorContext: ErrorContext): Promise<boolean> {
  const greeting = await stream.receive(18);
  if (greeting.readBigUInt64BE(0) !== protocol.INIT_MAGIC || greeting.readBigUInt64BE(8) !== protocol.OPTION_MAGIC) {
    throw protocolError(errorContext, 'its greeting is not newstyle');
  }
  const offered = greeting.readUInt16BE(16);
  if ((offered & protocol.FLAG_FIXED_NEWSTYLE) === 0) {
    throw protocolError(errorContext, 'its handshake is not fixed newstyle');
  }
  const accepted = offered & (protocol.FLAG_FIXED_NEWSTYLE | protocol.FLAG_NO_ZEROES);
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(accepted);
  stream.send(flags);
  return (accepted & protocol.FLAG_NO_ZEROES) !== 0;
}

/** The option haggling phase, one option at a time. */
class Negotiation {
  readonly #stream: HandshakeStream;
  readonly #options: OptionExchange;
  readonly #errorContext: ErrorContext;

  constructor(stream: HandshakeStream, errorContext: ErrorContext) {
    this.#stream = stream;
    this.#options = new OptionExchange(stream, errorContext);
    this.#errorContext = errorContext;
  }

  /**
   * Asks the server to start TLS.
   *
   * @throws `unreadable` if it does not support TLS.
   */
  async requireTls(): Promise<void> {
    this.#options.ask(protocol.OPT_STARTTLS, Buffer.alloc(0));
    if ((await this.#options.reply(protocol.OPT_STARTTLS)).type !== protocol.REP_ACK) {
      const remedy = 'configure TLS on the server, or use nbd:// where the network is trusted';
      throw readError(this.#errorContext, 'unreadable', `the NBD server does not support TLS; ${remedy}`);
    }
  }

  async enableStructuredReplies(): Promise<boolean> {
    this.#options.ask(protocol.OPT_STRUCTURED_REPLY, Buffer.alloc(0));
    const { type } = await this.#options.reply(protocol.OPT_STRUCTURED_REPLY);
    if (type === protocol.REP_ERR_TLS_REQD) {
      throw readError(this.#errorContext, 'unreadable', 'the NBD server requires TLS; use nbds://');
    }
    return type === protocol.REP_ACK;
  }

  /** Selects the context `base:allocation`. Returns its number; `undefined` if the server does not offer it. */
  async allocationContext(exportName: string): Promise<number | undefined> {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(1);
    const query = lengthPrefixed(protocol.ALLOCATION_CONTEXT);
    this.#options.ask(protocol.OPT_SET_META_CONTEXT, Buffer.concat([lengthPrefixed(exportName), count, query]));
    let context: number | undefined;
    let reply = await this.#options.reply(protocol.OPT_SET_META_CONTEXT);
    for (; reply.type === protocol.REP_META_CONTEXT; reply = await this.#options.reply(protocol.OPT_SET_META_CONTEXT)) {
      this.#require(reply.data.length >= 4, 'the number of a metadata context is missing');
      if (reply.data.toString('utf8', 4) === protocol.ALLOCATION_CONTEXT) {
        context = reply.data.readUInt32BE(0);
      }
    }
    return reply.type === protocol.REP_ACK ? context : undefined;
  }

  /** Starts the transmission phase with `OPT_GO`. Returns `undefined` if the server does not support that option. */
  async go(exportName: string): Promise<ExportReply | undefined> {
    const requests = Buffer.alloc(4);
    requests.writeUInt16BE(1, 0);
    requests.writeUInt16BE(protocol.INFO_BLOCK_SIZE, 2);
    this.#options.ask(protocol.OPT_GO, Buffer.concat([lengthPrefixed(exportName), requests]));
    let size: number | undefined;
    let flags = 0;
    let minimumBlockSize = 1;
    let maximumBlockSize = protocol.MAXIMUM_BLOCK_SIZE_DEFAULT;
    let reply = await this.#options.reply(protocol.OPT_GO);
    for (; reply.type === protocol.REP_INFO; reply = await this.#options.reply(protocol.OPT_GO)) {
      const { data } = reply;
      const information = data.length < 2 ? undefined : data.readUInt16BE(0);
      if (information === protocol.INFO_EXPORT) {
        this.#require(data.length === 12, 'the size of the export is missing');
        size = this.#size(data.readBigUInt64BE(2));
        flags = data.readUInt16BE(10);
      } else if (information === protocol.INFO_BLOCK_SIZE) {
        this.#require(data.length === 14, 'block sizes are missing');
        minimumBlockSize = data.readUInt32BE(2);
        maximumBlockSize = Math.min(data.readUInt32BE(10), protocol.MAXIMUM_BLOCK_SIZE_DEFAULT);
      }
    }
    if (reply.type === protocol.REP_ERR_UNSUP) {
      return undefined;
    }
    this.#requireAccepted(reply, exportName);
    this.#require(size !== undefined, 'the size of the export is missing');
    this.#require(isPowerOfTwo(minimumBlockSize) && maximumBlockSize >= minimumBlockSize, 'impossible block sizes');
    return { size: size ?? 0, flags, minimumBlockSize, maximumBlockSize: maximumBlockSize & -minimumBlockSize };
  }

  /** Starts the transmission phase with `OPT_EXPORT_NAME`. A server that refuses the export closes the connection. */
  async chooseByName(exportName: string, zeroesOmitted: boolean): Promise<ExportReply> {
    this.#options.ask(protocol.OPT_EXPORT_NAME, Buffer.from(exportName));
    const reply = await this.#stream.receive(10 + (zeroesOmitted ? 0 : protocol.EXPORT_NAME_PADDING));
    return {
      size: this.#size(reply.readBigUInt64BE(0)),
      minimumBlockSize: 1,
      maximumBlockSize: protocol.MAXIMUM_BLOCK_SIZE_DEFAULT,
      flags: reply.readUInt16BE(8),
    };
  }

  #requireAccepted(reply: OptionReply, exportName: string): void {
    if (reply.type !== protocol.REP_ACK) {
      const message = reply.data.toString('utf8').replace(/\s+/g, ' ').trim();
      const reason = message === '' ? `error ${reply.type - protocol.REP_FLAG_ERROR}` : message;
      throw readError(
        this.#errorContext,
        'unreadable',
        `the NBD server refuses the export '${exportName}' (${reason}); name an export that it has`,
      );
    }
  }

  #size(size: bigint): number {
    this.#require(size <= BigInt(Number.MAX_SAFE_INTEGER), `an impossible export size of ${size} bytes`);
    return Number(size);
  }

  #require(condition: boolean, found: string): void {
    if (!condition) {
      throw protocolError(this.#errorContext, found);
    }
  }
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
