import {
  currentStateOf,
  type DiskSource,
  type IdentifiedSource,
  type ImageIdentity,
  isSettled,
  isVolatile,
  type Link,
  type ReadOptions,
} from '@virt-similarity/core';
import { chainOf, type InspectedImage } from '@virt-similarity/image-tools';
import { wholeIdentityOf } from './identity-of.js';
import { inspect } from './inspect.js';

/** The result of an inspection, and the request that led to it. */
interface Finding {
  readonly image: InspectedImage;
  readonly source: DiskSource;
  readonly policy: Policy;
  /** Notes for the user about how the image was treated. */
  readonly notes: readonly string[];
  /** When the inspection began, in milliseconds since 1970. */
  readonly moment: number;
}

type Policy = Pick<ReadOptions, 'allowedDirectories' | 'allowedTrees' | 'maxVirtualSize' | 'keys'>;

/** An inspected image that is about to be opened. */
export interface Inspected {
  readonly image: InspectedImage;
  readonly identity: ImageIdentity;
}

/**
 * The inspections of several readers. An image is inspected when it is identified. If the reader declines the image,
 * the next reader that is asked with the same options object reuses the result. The reader that opens the image also
 * reuses it. In both cases, the image is inspected again unless it is certain that none of its files has changed.
 *
 * Notes for the user are given each time an image is opened, and not when it is identified.
 */
export class Inspections {
  readonly #inspect: typeof inspect;
  /** Findings that a reader declined, for the next reader, by the options object of the call. */
  readonly #declined = new WeakMap<ReadOptions, Finding>();
  /** The finding for each link of a returned identity: the image of the link, with its backing images. */
  readonly #found = new WeakMap<Link, Finding>();

  /** @param inspectImage the function that inspects an image */
  constructor(inspectImage = inspect) {
    this.#inspect = inspectImage;
  }

  /**
   * Inspects a source and returns the identity that `identityOf` makes for its image. If `identityOf` returns
   * `undefined`, so does this method, and the finding is kept for the next reader that is called with the same options
   * object.
   *
   * @throws as `inspect`, and as `identityOf`.
   */
  async identify(
    source: DiskSource,
    options: ReadOptions,
    identityOf: (image: InspectedImage) => ImageIdentity | undefined,
  ): Promise<ImageIdentity | undefined> {
    const finding = (await this.#takeDeclined(source, options)) ?? (await this.#inspectNow(source, options));
    const identity = identityOf(finding.image);
    if (identity === undefined) {
      this.#declined.set(options, finding);
      return undefined;
    }
    this.#keep(identity, finding);
    return identity;
  }

  /**
   * Returns the image that was inspected when the source was identified, and its identity. Inspects the image again if
   * one of its files may have changed, if `identity` is not from this object, or if the source or the policy differs.
   * Passes the notes about the image to `options.warn`.
   *
   * @throws as `inspect`, and as `identityOf`.
   */
  async inspected(
    { source, identity }: IdentifiedSource,
    options: ReadOptions,
    identityOf: (image: InspectedImage) => ImageIdentity,
  ): Promise<Inspected> {
    const [top] = identity.chain;
    const kept = top && this.#found.get(top);
    if (kept !== undefined && isAnswer(kept, source, options) && (await isCurrent(kept))) {
      return withNotes(kept, identity, options);
    }
    const finding = await this.#inspectNow(source, options);
    const found = identityOf(finding.image);
    this.#keep(found, finding);
    return withNotes(finding, found, options);
  }

  async #inspectNow(source: DiskSource, options: ReadOptions): Promise<Finding> {
    const moment = Date.now();
    const notes: string[] = [];
    const image = await this.#inspect(source, { ...options, warn: (note) => void notes.push(note) });
    return { image, source, policy: policyOf(options), notes, moment };
  }

  async #takeDeclined(source: DiskSource, options: ReadOptions): Promise<Finding | undefined> {
    const finding = this.#declined.get(options);
    this.#declined.delete(options);
    return finding?.source === source && (await isCurrent(finding)) ? finding : undefined;
  }

  /**
   * Keeps a finding for each link of an identity, because a link below the top can be opened alone. Only the top link's
   * finding has the notes.
   */
  #keep({ chain }: ImageIdentity, finding: Finding): void {
    const [, ...below] = chainOf(finding.image);
    this.#found.set(chain[0]!, finding);
    for (const [depth, image] of below.entries()) {
      const source = { path: image.file.path, format: image.format };
      this.#found.set(chain[depth + 1]!, { ...finding, image, source, notes: [] });
    }
  }
}

/** The inspections that the readers share by default. */
export const SHARED_INSPECTIONS = new Inspections();

function withNotes({ image, notes }: Finding, identity: ImageIdentity, { warn }: ReadOptions): Inspected {
  for (const note of notes) {
    warn?.(note);
  }
  return { image, identity };
}

function policyOf({ allowedDirectories, allowedTrees, maxVirtualSize, keys }: ReadOptions): Policy {
  return {
    allowedDirectories,
    ...(allowedTrees && { allowedTrees }),
    ...(maxVirtualSize !== undefined && { maxVirtualSize }),
    ...(keys && { keys }),
  };
}

/** Returns whether a finding answers a request for a source under the policy of the options. */
function isAnswer({ source, policy }: Finding, requested: DiskSource, options: ReadOptions): boolean {
  return (
    source.path === requested.path &&
    source.format === requested.format &&
    source.archive === requested.archive &&
    policy.allowedDirectories === options.allowedDirectories &&
    policy.allowedTrees === options.allowedTrees &&
    policy.maxVirtualSize === options.maxVirtualSize &&
    policy.keys === options.keys
  );
}

/**
 * Returns whether every file of an image is as it was inspected. Returns `false` if that is unknown: for a block
 * device, and for a file that was written to so shortly before the inspection that another change may not show in its
 * timestamps.
 */
async function isCurrent({ image, moment }: Finding): Promise<boolean> {
  const identity = wholeIdentityOf(image);
  return isSettled(identity, moment) && !isVolatile(identity) && (await currentStateOf(identity)) === 'current';
}
