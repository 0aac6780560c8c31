import type { DiskImage, ImageIdentity, Link } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReaderSession, ReadOptions } from '../contracts/disk-reader.js';
import { type NamedPart, type OtherParts, partsToken } from '../contracts/plugin.js';
import { VirtSimilarityError, wording } from '../errors.js';
import { inject, injectable } from '../tsyringe.js';
import { checkedIdentity } from './checked-identity.js';
import { ImageOpener } from './image-opener.js';

/**
 * Leaves each image to the first reader that recognises it, in the order of registration; those that take what they do not
 * recognise are asked last.
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

  /** @throws `unavailable` where no reader recognises the source, and what they throw. */
  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    const readers = this.#readersInOrder();
    const { isChosen: _, ...given } = options;
    const asked: AskedOptions = { ...given, [ASKED]: true };
    if (ASKED in options) {
      const problem = '[auto] a reader that is asked by auto asks auto in turn';
      throw new VirtSimilarityError('plugin', `${problem}; give that reader the method readerOf`, {
        image: source.path,
      });
    }
    for (const reader of readers) {
      const identity = await reader.part.identify(source, asked);
      if (identity !== undefined) {
        return this.#noted(reader, identity);
      }
    }
    const tried = readers.map(({ name }) => name).join(', ') || 'none, as no plugin registers one';
    const problem = `no reader can read ${source.path}: tried ${tried}`;
    throw new VirtSimilarityError('unavailable', wording`${problem}; state its ${{ option: 'format' }}`, {
      image: source.path,
    });
  }

  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage> {
    const known = this.#readers.get(topOf(identity));
    if (known !== undefined) {
      return this.#opened(known, known.part.open(source, identity, options));
    }
    const found = await this.identify(source, options);
    const reader = this.#readers.get(topOf(found))!;
    return this.#opened(reader, reader.part.open(source, found, options));
  }

  /** Opens images in the sessions of those readers that have them. */
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

  /** @throws `plugin` where the identity could be that of any image. */
  #noted(reader: NamedPart<DiskReader>, identity: ImageIdentity): ImageIdentity {
    for (const link of checkedIdentity(reader.name, identity).chain) {
      this.#readers.set(link, reader);
    }
    return identity;
  }

  /** Remembers the reader of an opened image; its identity is new if the image has changed. */
  async #opened(reader: NamedPart<DiskReader>, opening: Promise<DiskImage>): Promise<DiskImage> {
    const image = await opening;
    try {
      this.#noted(reader, image.identity);
      return image;
    } catch (thrown) {
      await image.close().catch(() => {});
      throw thrown;
    }
  }

  /** Those that leave images to others in turn are not asked: they could ask this one. */
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

/** In the options that other readers are asked with: copies of the options have it too. */
const ASKED = Symbol('asked by auto');

type AskedOptions = ReadOptions & { readonly [ASKED]: true };

function topOf({ chain: [top] }: ImageIdentity): Link {
  return top!;
}
