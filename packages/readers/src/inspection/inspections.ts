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

/** What was found of an image, and of which question it is the answer. */
interface Finding {
  readonly image: InspectedImage;
  readonly source: DiskSource;
  readonly policy: Policy;
  /** What the user should know of how the image was taken. */
  readonly notes: readonly string[];
  /** When the inspection began, in milliseconds since 1970. */
  readonly moment: number;
}

type Policy = Pick<ReadOptions, 'allowedDirectories' | 'allowedTrees' | 'maxVirtualSize'>;

/** An image that is going to be opened. */
export interface Inspected {
  readonly image: InspectedImage;
  readonly identity: ImageIdentity;
}

/**
 * The inspections of several readers: an image is inspected once when it is identified, and what was found serves every
 * reader that is asked about it then, and who opens it, as long as no file of it has changed.
 *
 * What the user should know of an image is noted when it is opened: so once, however often it is inspected.
 */
export class Inspections {
  readonly #inspect: typeof inspect;
  /** What the reader that was asked first did not want, by the options that it was asked with. */
  readonly #declined = new WeakMap<ReadOptions, Finding>();
  /** By the links of identities that were given: the image there, with what backs it. */
  readonly #found = new WeakMap<Link, Finding>();

  /** @param inspect how an image is inspected */
  constructor(inspectImage = inspect) {
    this.#inspect = inspectImage;
  }

  /**
   * The identity that `identityOf` makes of a source; nothing where it makes none. What was found is kept then for the
   * next reader that is asked with the very same options.
   *
   * @throws as `inspect`.
   */
  async identify(
    source: DiskSource,
    options: ReadOptions,
    identityOf: (image: InspectedImage) => ImageIdentity | undefined,
  ): Promise<ImageIdentity | undefined> {
    const finding = (await this.#takeDeclined(source, options)) ?? (await this.#look(source, options));
    const identity = identityOf(finding.image);
    if (identity === undefined) {
      this.#declined.set(options, finding);
      return undefined;
    }
    this.#keep(identity, finding);
    return identity;
  }

  /**
   * What was found when an image was identified, or is found now: where it has changed since, or was identified
   * elsewhere or under another policy. Gives the notes on it to `options.warn`.
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
      return noted(kept, identity, options);
    }
    const finding = await this.#look(source, options);
    const found = identityOf(finding.image);
    this.#keep(found, finding);
    return noted(finding, found, options);
  }

  async #look(source: DiskSource, options: ReadOptions): Promise<Finding> {
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

  /** A link below the top may be opened by itself; what there is to note on it is noted with the image above it. */
  #keep({ chain }: ImageIdentity, finding: Finding): void {
    const [, ...below] = chainOf(finding.image);
    this.#found.set(chain[0]!, finding);
    for (const [depth, image] of below.entries()) {
      const source = { path: image.file.path, format: image.format };
      this.#found.set(chain[depth + 1]!, { ...finding, image, source, notes: [] });
    }
  }
}

/** The inspections that the readers share unless they are given others. */
export const SHARED_INSPECTIONS = new Inspections();

function noted({ image, notes }: Finding, identity: ImageIdentity, { warn }: ReadOptions): Inspected {
  for (const note of notes) {
    warn?.(note);
  }
  return { image, identity };
}

function policyOf({ allowedDirectories, allowedTrees, maxVirtualSize }: ReadOptions): Policy {
  return {
    allowedDirectories,
    ...(allowedTrees && { allowedTrees }),
    ...(maxVirtualSize !== undefined && { maxVirtualSize }),
  };
}

/** Whether inspecting the source under the policy of the options would ask the same question. */
function isAnswer({ source, policy }: Finding, asked: DiskSource, options: ReadOptions): boolean {
  return (
    source.path === asked.path &&
    source.format === asked.format &&
    policy.allowedDirectories === options.allowedDirectories &&
    policy.allowedTrees === options.allowedTrees &&
    policy.maxVirtualSize === options.maxVirtualSize
  );
}

/**
 * Whether every file of an image is as it was inspected. Of a block device nobody knows, nor of a file that was written to
 * so shortly before that its times would not show another change.
 */
async function isCurrent({ image, moment }: Finding): Promise<boolean> {
  const identity = wholeIdentityOf(image);
  return isSettled(identity, moment) && !isVolatile(identity) && (await currentStateOf(identity)) === 'current';
}
