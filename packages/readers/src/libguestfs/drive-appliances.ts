import { asNote, type ReadOptions, VirtSimilarityError, wording } from '@virt-similarity/core';
import { ApplianceEnd } from './appliance-end.js';
import { closeParts, type Launch, type LaunchedPart, launchApart, launchTimeout } from './launch-apart.js';
import type { ApplianceDrive } from './launch-appliance.js';
import { COMPONENT } from './tools.js';

/** What drives are read through. */
export interface DriveReader {
  /**
   * The `length` bytes from `start` on of drive `drive`; `image` is its name in errors. Rejects with `ApplianceEnd` once
   * the appliance has ended, whichever drive it ended with.
   */
  transfer(drive: number, start: number, length: number, image: string): Promise<Uint8Array>;
  /** Idempotent. */
  close(): Promise<void>;
}

type Part = LaunchedPart<DriveReader>;
type RunningPart = Extract<Part, { outcome: 'running' }>;

/**
 * The appliances of drives: one for all of them as long as it starts and runs. Where it does not start, `launchApart`
 * finds out why. Where it ends while a drive is read, that drive gets an appliance of its own, and the others together a
 * new one once they are read. A drive fails when the appliance that it has for itself ends.
 */
export class DriveAppliances {
  readonly #drives: ReadonlyMap<string, ApplianceDrive>;
  readonly #launch: Launch<DriveReader>;
  readonly #warn: ReadOptions['warn'];
  /** For each drive, by its key, the part that it is read in, which is launched by the first that asks. */
  readonly #parts = new Map<string, () => Promise<Part>>();
  readonly #launches: Promise<Part[]>[] = [];
  /** Parts that ended, each with when its processes are gone. */
  readonly #ended = new Map<RunningPart, Promise<void>>();
  /** Milliseconds that a launch may take, once it is known what one takes. */
  #timeoutMs: number | undefined;
  #isClosed = false;

  constructor(drives: ReadonlyMap<string, ApplianceDrive>, launch: Launch<DriveReader>, warn: ReadOptions['warn']) {
    this.#drives = drives;
    this.#launch = launch;
    this.#warn = warn;
    this.#share([...drives.keys()]);
  }

  /**
   * Why no appliance starts with a drive; nothing where one does, which then runs.
   *
   * @throws as `launchApart`.
   */
  async failureOf(key: string): Promise<VirtSimilarityError | undefined> {
    const part = await this.#partOf(key);
    return part.outcome === 'failed' ? part.error : undefined;
  }

  /**
   * The `length` bytes from `start` on of a drive, whose image has this name in errors.
   *
   * @throws as `Appliance.transfer`; `unavailable` where no appliance starts with the drive, or the
   * one that it has for itself ends.
   */
  async transfer(key: string, start: number, length: number, image: string): Promise<Uint8Array> {
    for (;;) {
      const part = await this.#partOf(key);
      if (part.outcome === 'failed') {
        throw part.error;
      }
      try {
        return await part.appliance.transfer(part.keys.indexOf(key), start, length, image);
      } catch (thrown) {
        await this.#recover(part, thrown);
      }
    }
  }

  /** Ends all appliances. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const launches = await Promise.allSettled(this.#launches);
    await closeParts(launches.flatMap((launch) => (launch.status === 'fulfilled' ? launch.value : [])));
  }

  #partOf(key: string): Promise<Part> {
    return this.#parts.get(key)!();
  }

  /** Has drives share an appliance, which is launched when the first of them is asked for. */
  #share(keys: readonly string[]): void {
    let launched: Promise<Part[]> | undefined;
    for (const key of keys) {
      this.#parts.set(key, async () => {
        launched ??= this.#launchFor(keys);
        return (await launched).find((part) => part.keys.includes(key))!;
      });
    }
  }

  async #launchFor(keys: readonly string[]): Promise<Part[]> {
    if (this.#isClosed) {
      throw new VirtSimilarityError('aborted', `[${COMPONENT}] interrupted: the appliance was ended`);
    }
    const drives = new Map(keys.map((key) => [key, this.#drives.get(key)!]));
    const begin = performance.now();
    const launched = launchApart(drives, (some, timeoutMs = this.#timeoutMs) => this.#launch(some, timeoutMs));
    this.#launches.push(launched);
    const parts = await launched;
    this.#timeoutMs ??= launchTimeout(performance.now() - begin);
    return parts;
  }

  /**
   * Ends a part of which the appliance has ended, and sets the drive apart that was read then.
   *
   * @throws what is none of the appliance's fault, and where that drive had it for itself.
   */
  async #recover(part: RunningPart, thrown: unknown): Promise<void> {
    if (!(thrown instanceof ApplianceEnd)) {
      throw thrown;
    }
    let ended = this.#ended.get(part);
    // All transfers that were waiting come here with the same end.
    if (ended === undefined) {
      if (part.keys.length > 1) {
        this.#setApart(part, thrown);
      }
      ended = part.appliance.close();
      this.#ended.set(part, ended);
    }
    await ended;
    if (part.keys.length === 1) {
      throw thrown.toError();
    }
  }

  #setApart({ keys }: RunningPart, { drive, image, wording: reason }: ApplianceEnd): void {
    this.#warn?.(
      ...asNote(
        wording`[${COMPONENT}] the appliance ended unexpectedly while it read ${image} (${reason}); reading that and the others in new ones`,
      ),
    );
    this.#share([keys[drive]!]);
    this.#share(keys.filter((_, number) => number !== drive));
  }
}
