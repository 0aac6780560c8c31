import { join } from 'node:path';
import type {
  DiskImage,
  DiskReader,
  DiskSource,
  ImageIdentity,
  PartDiagnosis,
  ReadOptions,
} from '@virt-similarity/core';
import { readSmallFile, VirtSimilarityError } from '@virt-similarity/core';
import { connectNbd, type NbdAddress, type NbdTls } from '@virt-similarity/image-tools';
import { NbdImage } from './nbd-image.js';
import { NBD_SCHEMES, type NbdUri, nbdSchemeOf, parseNbdUri } from './nbd-uri.js';

/** The largest file of certificates, in bytes. Even a file with all authorities of a system is smaller. */
const MAXIMUM_PEM_LENGTH = 2 ** 20;

/**
 * Reads exports of NBD servers, named by URIs: see `parseNbdUri`. Needs no external program. The bytes of an export are
 * the guest's, even if they look like another format. Nothing shows whether an export changes, so its hash vectors are
 * not stored.
 */
export class NbdReader implements DiskReader {
  readonly formats = ['raw'];

  /**
   * Does not connect: many servers end after their first client.
   *
   * @throws `usage` if an NBD URI is invalid, or if the user chose this reader for anything else.
   */
  async identify({ path }: DiskSource, { isChosen }: ReadOptions): Promise<ImageIdentity | undefined> {
    if (nbdSchemeOf(path) === undefined) {
      if (isChosen) {
        const expected = `expected ${NBD_SCHEMES.map((scheme) => `${scheme}://…`).join(', ')}`;
        const problem = `[nbd] cannot read ${path}: ${expected}; choose another reader for files`;
        throw new VirtSimilarityError('usage', problem, { image: path });
      }
      return undefined;
    }
    parseNbdUri(path);
    return { chain: [{ format: 'raw', parts: [{ kind: 'object', path, version: '' }], volatile: true }] };
  }

  async open({ path }: DiskSource, identity: ImageIdentity, { signal }: ReadOptions): Promise<DiskImage> {
    const uri = parseNbdUri(path);
    const errorContext = { component: 'nbd', image: path };
    const { exportName } = uri;
    const address = await addressOf(uri);
    const connection = await connectNbd(address, {
      ...errorContext,
      exportName,
      map: true,
      lossCode: 'unreadable',
      signal,
    });
    return new NbdImage(connection, identity, { errorContext, signal });
  }

  async diagnose(): Promise<PartDiagnosis> {
    return { requirements: [], abilities: [{ purpose: 'exports of NBD servers', needs: [] }] };
  }
}

async function addressOf({ server, isEncrypted, certificates }: NbdUri): Promise<NbdAddress> {
  if (typeof server === 'string' || !isEncrypted) {
    return server;
  }
  return { ...server, tls: certificates === undefined ? {} : await tlsOf(certificates) };
}

/**
 * Reads the certificates in a directory, whose files have the names that libvirt and libnbd use. The certificate and
 * the key of the client are optional, but need each other.
 *
 * @throws `unreadable` if only one of the client's files exists, and as `readSmallFile`.
 */
async function tlsOf(directory: string): Promise<NbdTls> {
  const read = async (name: string) => (await readSmallFile(join(directory, name), MAXIMUM_PEM_LENGTH)).toString();
  const readIfPresent = (name: string) =>
    read(name).catch((thrown: unknown) => {
      if (isMissing(thrown)) {
        return undefined;
      }
      throw thrown;
    });
  const ca = await read('ca-cert.pem');
  const [cert, key] = [await readIfPresent('client-cert.pem'), await readIfPresent('client-key.pem')];
  if ((cert === undefined) !== (key === undefined)) {
    const found = cert === undefined ? 'client-key.pem' : 'client-cert.pem';
    throw new VirtSimilarityError(
      'unreadable',
      `expected client-cert.pem and client-key.pem in ${directory}, or neither, found only ${found}; add the other file`,
    );
  }
  return { ca, cert, key };
}

function isMissing(thrown: unknown): boolean {
  const cause = thrown instanceof VirtSimilarityError ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
