import type { DiskImage, DiskStream, ImageIdentity, Link } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReaderSession, ReadOptions } from '../contracts/disk-reader.js';
import { type NamedPart, type OtherParts, partsToken } from '../contracts/plugin.js';
import { VirtSimilarityError, wording } from '../errors.js';
import { inject, injectable } from '../tsyringe.js';
import { checkedIdentity } from './checked-identity.js';
import { ImageOpener } from './image-opener.js';

/**
 * Delegates each image to the first reader that recognises it, in the order of registration. Readers with `fallback`
 * are asked last.
 */
@injectable()
export class AutoReader implements DiskReader {
  readonly #others: OtherParts<DiskReader>;
  /** The reader that returned each link. */
  readonly #readers = new WeakMap<Link, NamedPart<DiskReader>>();
  #ordered: readonly NamedPart<DiskReader>[] | undefined;

  constructor(@inject(partsToken('reader')) others: OtherParts<DiskReader>) {
    this.#others = others;
  }

  /**
   * @throws `corrupt` if a format is stated and no reader recognises the source as that format, `unavailable` if no
   *   format is stated and no reader recognises the source, `plugin` if a reader returns an invalid identity or calls
   *   `auto` itself, and what the readers throw.
   */
  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    const { format } = source;
    const isCandidate = ({ part: { formats, imagesIn } }: NamedPart<DiskReader>) =>
      (format === undefined || formats === undefined || formats.includes(format)) &&
      (source.archive === undefined || imagesIn !== undefined);
    const readers = this.#readersInOrder().filter(isCandidate);
    const { isChosen: _, ...others } = options;
    const delegated: DelegatedOptions = { ...others, [DELEGATED]: true };
    if (DELEGATED in options) {
      const problem = '[auto] a reader that auto called calls auto again';
      throw new VirtSimilarityError('plugin', `${problem}; add the method readerOf to that reader`, {
        image: source.path,
      });
    }
    for (const reader of readers) {
      const identity = await reader.part.identify(source, delegated);
      if (identity !== undefined) {
        return this.#recorded(reader, identity);
      }
    }
    const tried = readers.map(({ name }) => name).join(', ') || 'none, as no plugin registers one';
    if (format !== undefined) {
      const problem = `cannot open ${source.path}: no reader recognises it as ${format}, tried ${tried}; check its format`;
      throw new VirtSimilarityError('corrupt', problem, { image: source.path });
    }
    const problem = `no reader can read ${source.path}: tried ${tried}`;
    throw new VirtSimilarityError('unavailable', wording`${problem}; state its ${{ option: 'format' }}`, {
      image: source.path,
    });
  }

  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream> {
    const known = this.#readers.get(topOf(identity));
    if (known !== undefined) {
      return this.#opened(known, known.part.open(source, identity, options));
    }
    const found = await this.identify(source, options);
    const reader = this.#readers.get(topOf(found))!;
    return this.#opened(reader, reader.part.open(source, found, options));
  }

  /**
   * Starts a session that opens each image through the session of its reader, if the reader has sessions, otherwise
   * through the reader.
   */
  startSession(images: readonly IdentifiedSource[], options: ReadOptions): ReaderSession {
    const openers = new Map<NamedPart<DiskReader>, ImageOpener>();
    const openerOf = (reader: NamedPart<DiskReader>): ImageOpener => {
      const known = openers.get(reader);
      if (known !== undefined) {
        return known;
      }
      const ofReader = images.filter(({ identity }) => this.#readers.get(topOf(identity)) === reader);
      const opener = new ImageOpener(reader, ofReader, options);
      openers.set(reader, opener);
      return opener;
    };
    return {
      open: async (source, identity, each) => {
        const reader = this.#readers.get(topOf(identity));
        if (reader === undefined) {
          return this.open(source, identity, each);
        }
        return this.#opened(reader, openerOf(reader).open(source, identity, each));
      },
      close: async () => {
        const endings = await Promise.allSettled(Array.from(openers.values(), (opener) => opener.close()));
        const failed = endings.find((ending) => ending.status === 'rejected');
        if (failed !== undefined) {
          throw failed.reason;
        }
      },
    };
  }

  readerOf(identity: ImageIdentity): string | undefined {
    return this.#readers.get(topOf(identity))?.name;
  }

  /**
   * Records the reader of an identity's links.
   *
   * @throws `plugin` if the identity is invalid.
   */
  #recorded(reader: NamedPart<DiskReader>, identity: ImageIdentity): ImageIdentity {
    for (const link of checkedIdentity(reader.name, identity).chain) {
      this.#readers.set(link, reader);
    }
    return identity;
  }

  /**
   * Records the reader of an opened image, whose identity can be a new object.
   *
   * @throws what opening throws, and `plugin` if the identity is invalid; the image is then closed.
   */
  async #opened(
    reader: NamedPart<DiskReader>,
    opening: Promise<DiskImage | DiskStream>,
  ): Promise<DiskImage | DiskStream> {
    const image = await opening;
    try {
      this.#recorded(reader, image.identity);
      return image;
    } catch (thrown) {
      await image.close().catch(() => {});
      throw thrown;
    }
  }

  /** Returns the readers to ask, in order. Omits delegating readers, since they could ask this reader. */
  #readersInOrder(): readonly NamedPart<DiskReader>[] {
    if (this.#ordered !== undefined) {
      return this.#ordered;
    }
    const all = this.#others.names.map((name) => ({ name, part: this.#others.get(name) }));
    const readers = all.filter(({ part }) => part.readerOf === undefined);
    const isLast = ({ part }: NamedPart<DiskReader>): boolean => part.fallback === true;
    this.#ordered = [...readers.filter((reader) => !isLast(reader)), ...readers.filter(isLast)];
    return this.#ordered;
  }
}

/** Marks the options that are passed to other readers. Copies of the options keep the mark. */
const DELEGATED = Symbol('delegated by auto');

type DelegatedOptions = ReadOptions & { readonly [DELEGATED]: true };

function topOf({ chain: [top] }: ImageIdentity): Link {
  return top!;
}
