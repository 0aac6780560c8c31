import { VirtSimilarityError } from '@virt-similarity/core';

/** The schemes of NBD URIs that can be read. */
export const NBD_SCHEMES = ['nbd', 'nbd+unix', 'nbds'] as const;

export type NbdScheme = (typeof NBD_SCHEMES)[number];

/** The port that IANA assigned to NBD. */
const DEFAULT_PORT = 10_809;
/** The most bytes in the name of an export, according to the protocol. */
const MAXIMUM_NAME_LENGTH = 4096;

/** A parsed NBD URI. */
export interface NbdUri {
  /** The server: the path of a Unix socket, or a TCP address. */
  readonly server: string | { readonly host: string; readonly port: number };
  /** Name of the export; empty for the server's default export. */
  readonly exportName: string;
  readonly isEncrypted: boolean;
  /**
   * Directory with `ca-cert.pem`, and for a client that identifies itself `client-cert.pem` and `client-key.pem`;
   * absent if the authorities that Node.js trusts are used.
   */
  readonly certificates?: string | undefined;
}

/** Scheme, host, port, export and query. The host is a name, an IPv4 address, or an IPv6 address in brackets. */
const URI = /^([a-z+]+):\/\/(?:(\[[\da-f:.]+\]|[^/?#@:[\]]+)(?::(\d+))?)?(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

/**
 * Returns the scheme if a path is an NBD URI; `undefined` for the path of a file. A path that begins with `./` is never
 * an NBD URI.
 */
export function nbdSchemeOf(path: string): NbdScheme | undefined {
  return NBD_SCHEMES.find((scheme) => path.startsWith(`${scheme}://`));
}

/**
 * Parses an NBD URI: `nbd://HOST[:PORT]/[EXPORT]`, `nbds://…`, `nbd+unix:///[EXPORT]?socket=PATH`. The export and the
 * parameters can have percent-encoded bytes.
 *
 * Specification: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/uri.md; `tls-certificates` is libnbd's.
 *
 * @throws `usage` if `uri` is not such a URI, or has an unknown parameter.
 */
export function parseNbdUri(uri: string): NbdUri {
  const [, scheme = '', host = '', port, exportPart = '', query = ''] = URI.exec(uri) ?? [];
  const parameters = parametersOf(uri, query);
  const exportName = decoded(uri, exportPart);
  if (Buffer.byteLength(exportName) > MAXIMUM_NAME_LENGTH) {
    throw invalid(uri, `an export name of ${Buffer.byteLength(exportName)} bytes, the limit is ${MAXIMUM_NAME_LENGTH}`);
  }
  const isEncrypted = scheme === 'nbds';
  const server = scheme === 'nbd+unix' ? socketOf(uri, host, parameters) : addressOf(uri, host, port);
  const certificates = isEncrypted ? taken(parameters, 'tls-certificates') : undefined;
  const [unknown] = parameters.keys();
  if (unknown !== undefined) {
    throw invalid(uri, `an unknown parameter ${unknown}`);
  }
  return { server, exportName, isEncrypted, ...(certificates !== undefined && { certificates }) };
}

function socketOf(uri: string, host: string, parameters: Map<string, string>): string {
  const socket = taken(parameters, 'socket');
  if (host !== '' || socket === undefined || socket === '') {
    throw invalid(uri, host === '' ? 'no socket' : `the host ${host} instead of three slashes`);
  }
  return socket;
}

function addressOf(uri: string, host: string, portText: string | undefined): { host: string; port: number } {
  const port = Number(portText ?? DEFAULT_PORT);
  if (host === '') {
    throw invalid(uri, 'no host');
  }
  if (port < 1 || port > 65_535) {
    throw invalid(uri, `port ${portText}`);
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

function parametersOf(uri: string, query: string): Map<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  const parameters = pairs.map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return equals < 0
      ? [decoded(uri, pair), '']
      : [decoded(uri, pair.slice(0, equals)), decoded(uri, pair.slice(equals + 1))];
  });
  return new Map(parameters);
}

function taken(parameters: Map<string, string>, name: string): string | undefined {
  const value = parameters.get(name);
  parameters.delete(name);
  return value;
}

function decoded(uri: string, text: string): string {
  let value: string;
  try {
    value = decodeURIComponent(text);
  } catch {
    throw invalid(uri, `'${text}', which has a % without two hexadecimal digits, or bytes that are not UTF-8`);
  }
  if (value.includes('\0')) {
    throw invalid(uri, 'a zero byte');
  }
  return value;
}

function invalid(uri: string, found: string): VirtSimilarityError {
  const expected = 'expected nbd://HOST[:PORT]/EXPORT, nbds://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH';
  return new VirtSimilarityError('usage', `[nbd] cannot read ${uri}: ${expected}, found ${found}`, { image: uri });
}
