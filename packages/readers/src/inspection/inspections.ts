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
 * The inspections of several readers. An image is inspected once, when it is identified. The result then serves every
 * reader that identifies or opens the image, as long as none of its files has changed.
 *
 * Notes for the user are given when an image is opened: once, however often it is inspected.
 */
export class Inspections {
  readonly #inspect: typeof inspect;
  /** Findings that the first reader did not accept, by the options of its call. */
  readonly #declined = new WeakMap<ReadOptions, Finding>();
  /** The image of each link of a returned identity, with its backing images. */
  readonly #found = new WeakMap<Link, Finding>();

  /** @param inspectImage the function that inspects an image */
  constructor(inspectImage = inspect) {
    this.#inspect = inspectImage;
  }

  /**
   * Returns the identity that `identityOf` makes for a source; `undefined` if it makes none. The finding is then kept
   * for the next reader that is called with the same options object.
   *
   * @throws as `inspect`.
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
   * Returns the finding from when an image was identified. Inspects it again if it has changed since, or was identified
   * elsewhere or under another policy. Passes its notes to `options.warn`.
   *
   * @throws as `inspect`.
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

  /** Keeps a finding. A link below the top may be opened alone, but its notes are given with the image above it. */
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
 * Returns whether every file of an image is as it was inspected. Returns `false` where that is unknown: for a block
 * device, and for a file that was written to so shortly before the inspection that its timestamps would not show
 * another change.
 */
async function isCurrent({ image, moment }: Finding): Promise<boolean> {
  const identity = wholeIdentityOf(image);
  return isSettled(identity, moment) && !isVolatile(identity) && (await currentStateOf(identity)) === 'current';
}
