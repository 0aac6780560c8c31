import { asNote, type ReadOptions, VirtSimilarityError, wording } from '@virt-similarity/core';
import { ApplianceEnd } from './appliance-end.js';
import { closeParts, type Launch, type LaunchedPart, launchApart, launchTimeout } from './launch-apart.js';
import type { ApplianceDrive } from './launch-appliance.js';
import { COMPONENT } from './tools.js';

/** The source of the drives' bytes. */
export interface DriveReader {
  /**
   * Returns the `length` bytes at `start` of the drive with index `drive`. `image` is the name of the drive's image in
   * errors. Rejects with `ApplianceEnd` once the appliance has ended, whichever drive was being read when it ended.
   */
  transfer(drive: number, start: number, length: number, image: string): Promise<Uint8Array>;
  /** Idempotent. */
  close(): Promise<void>;
}

type Part = LaunchedPart<DriveReader>;
type RunningPart = Extract<Part, { outcome: 'running' }>;

/**
 * The appliances of drives. All drives share one appliance, as long as it starts and runs. If it does not start,
 * `launchApart` finds the drives at fault. If the appliance ends while a drive is read, that drive gets a separate
 * appliance, and the other drives share a new appliance when they are next read. If the separate appliance ends too,
 * reading its drive fails.
 */
export class DriveAppliances {
  readonly #drives: ReadonlyMap<string, ApplianceDrive>;
  readonly #launch: Launch<DriveReader>;
  readonly #warn: ReadOptions['warn'];
  /**
   * For each drive, by its key, a function that returns the part of the drive. The first call for any of the drives
   * that share an appliance launches the appliance.
   */
  readonly #parts = new Map<string, () => Promise<Part>>();
  readonly #launches: Promise<Part[]>[] = [];
  /** Parts that ended. Each promise resolves once the part's processes have exited. */
  readonly #ended = new Map<RunningPart, Promise<void>>();
  /**
   * The time limit of further launches in milliseconds, derived from the time that the first launch took; `undefined`
   * before that.
   */
  #timeoutMs: number | undefined;
  #isClosed = false;

  constructor(drives: ReadonlyMap<string, ApplianceDrive>, launch: Launch<DriveReader>, warn: ReadOptions['warn']) {
    this.#drives = drives;
    this.#launch = launch;
    this.#warn = warn;
    this.#share([...drives.keys()]);
  }

  /**
   * Returns the error if no appliance starts with a drive; `undefined` if an appliance starts. The first call launches
   * the appliance, which then keeps running.
   *
   * @throws as `launchApart`.
   */
  async failureOf(key: string): Promise<VirtSimilarityError | undefined> {
    const part = await this.#partOf(key);
    return part.outcome === 'failed' ? part.error : undefined;
  }

  /**
   * Returns the `length` bytes at `start` of a drive. `image` is the name of the drive's image in errors.
   *
   * @throws `unreadable` if the drive cannot be read there; `unavailable` if no appliance starts with the drive, or if
   * an appliance that has only this drive ends; `aborted`; and as `launchApart`.
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

  /** Stops all appliances. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const launches = await Promise.allSettled(this.#launches);
    await closeParts(launches.flatMap((launch) => (launch.status === 'fulfilled' ? launch.value : [])));
  }

  #partOf(key: string): Promise<Part> {
    return this.#parts.get(key)!();
  }

  /** Makes drives share an appliance, which is launched when one of them is first used. */
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
      throw new VirtSimilarityError('aborted', `[${COMPONENT}] interrupted: the appliance was stopped`);
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
   * Closes a part whose appliance has ended. The drive that was being read gets a separate appliance.
   *
   * @throws `thrown` if it is not an `ApplianceEnd`; `unavailable` if the appliance had no other drive.
   */
  async #recover(part: RunningPart, thrown: unknown): Promise<void> {
    if (!(thrown instanceof ApplianceEnd)) {
      throw thrown;
    }
    let ended = this.#ended.get(part);
    // All pending transfers arrive here with the same error.
    if (ended === undefined) {
      if (part.keys.length > 1) {
        this.#isolate(part, thrown);
      }
      ended = part.appliance.close();
      this.#ended.set(part, ended);
    }
    await ended;
    if (part.keys.length === 1) {
      throw thrown.toError();
    }
  }

  #isolate({ keys }: RunningPart, { drive, image, wording: reason }: ApplianceEnd): void {
    this.#warn?.(
      ...asNote(
        wording`[${COMPONENT}] the appliance ended unexpectedly while it read ${image} (${reason}); reading this image and the others in new appliances`,
      ),
    );
    this.#share([keys[drive]!]);
    this.#share(keys.filter((_, index) => index !== drive));
  }
}
