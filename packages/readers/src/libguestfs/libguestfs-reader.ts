import type {
  DiskImage,
  DiskReader,
  DiskSource,
  ImageIdentity,
  ReaderSession,
  ReadOptions,
} from '@virt-similarity/core';
import { IMAGE_EXTENSIONS } from '../inspection/decide-format.js';
import { wholeIdentityOf } from '../inspection/identity-of.js';
import { inspectToChoose, inspectToIdentify } from '../inspection/inspect-quietly.js';
import type { LaunchExperience } from './launch-appliance.js';
import { LibguestfsSession } from './libguestfs-session.js';
import { COMPONENT } from './tools.js';

/**
 * Reads every format that qemu does, through an appliance of libguestfs, as virt tools do. Launching one takes seconds,
 * or some tens of them without KVM, so that a run's images had better be opened in one session.
 *
 * The appliance never gets a file, only a raw export of what inspection found. guestfish is told what to do by
 * arguments alone.
 */
export class LibguestfsReader implements DiskReader {
  readonly name = COMPONENT;
  readonly extensions = IMAGE_EXTENSIONS;
  readonly fallback = true;
  readonly #experience: LaunchExperience = { acceleration: 'default' };

  async canRead(source: DiskSource, options: ReadOptions): Promise<boolean> {
    await inspectToChoose(source, options);
    return true;
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    return wholeIdentityOf(await inspectToIdentify(source, options));
  }

  /** A session of one, which ends when the image is closed. */
  async open(source: DiskSource, options: ReadOptions): Promise<DiskImage> {
    return this.startSession([source], options).open(source, options);
  }

  startSession(sources: readonly DiskSource[], options: ReadOptions): ReaderSession {
    return new LibguestfsSession(sources, options, this.#experience);
  }
}
