/**
 * The constants of the NBD protocol, named as in its specification without the `NBD_` prefix:
 * https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */

export const INIT_MAGIC = 0x4e42444d41474943n;
export const OPTION_MAGIC = 0x49484156454f5054n;
export const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;

export const FLAG_FIXED_NEWSTYLE = 1 << 0;
export const FLAG_NO_ZEROES = 1 << 1;

export const FLAG_SEND_DF = 1 << 7;
export const FLAG_CAN_MULTI_CONN = 1 << 8;

export const OPT_EXPORT_NAME = 1;
export const OPT_STARTTLS = 5;
export const OPT_GO = 7;
export const OPT_STRUCTURED_REPLY = 8;
export const OPT_SET_META_CONTEXT = 10;

export const REP_ACK = 1;
export const REP_INFO = 3;
export const REP_META_CONTEXT = 4;
export const REP_FLAG_ERROR = 2 ** 31;
export const REP_ERR_UNSUP = REP_FLAG_ERROR + 1;
export const REP_ERR_TLS_REQD = REP_FLAG_ERROR + 5;

export const INFO_EXPORT = 0;
export const INFO_BLOCK_SIZE = 3;

export const CMD_READ = 0;
export const CMD_DISC = 2;
export const CMD_BLOCK_STATUS = 7;

export const CMD_FLAG_DF = 1 << 2;

export const REPLY_FLAG_DONE = 1 << 0;
export const REPLY_TYPE_NONE = 0;
export const REPLY_TYPE_OFFSET_DATA = 1;
export const REPLY_TYPE_OFFSET_HOLE = 2;
export const REPLY_TYPE_BLOCK_STATUS = 5;
export const REPLY_TYPE_FLAG_ERROR = 1 << 15;
export const REPLY_TYPE_ERROR_OFFSET = REPLY_TYPE_FLAG_ERROR + 2;

/** The metadata context that reports which ranges read as zeros. */
export const ALLOCATION_CONTEXT = 'base:allocation';
/** The flag of a range that reads as zeros. */
export const STATE_ZERO = 1 << 1;

/** Bytes of a request's header. The requests sent here have no payload. */
export const REQUEST_LENGTH = 28;
/** Bytes of a simple reply's header, and of a structured reply chunk's header without its length field. */
export const REPLY_LENGTH = 16;
/**
 * The most bytes that a client is allowed to request if the server states no maximum, according to the specification.
 */
export const MAXIMUM_BLOCK_SIZE_DEFAULT = 32 * 1024 * 1024;
/** The most bytes in a string, according to the specification. */
export const MAXIMUM_STRING_LENGTH = 4096;
/** Zero bytes after the reply to `OPT_EXPORT_NAME`, unless the handshake omits them. */
export const EXPORT_NAME_PADDING = 124;

/** The error numbers that the protocol defines. */
export const ERROR_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM'],
  [5, 'EIO'],
  [12, 'ENOMEM'],
  [22, 'EINVAL'],
  [28, 'ENOSPC'],
  [75, 'EOVERFLOW'],
  [95, 'ENOTSUP'],
  [108, 'ESHUTDOWN'],
]);
