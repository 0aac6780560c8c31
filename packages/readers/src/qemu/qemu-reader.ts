import type { DiskImage, DiskReader, DiskSource, ImageIdentity, ReadOptions } from '@virt-similarity/core';
import { expectLockQuestions } from '../chain-map/writer-locks.js';
import { identityOf } from '../inspection/identity-of.js';
import { inspect } from '../inspection/inspect.js';
import { inspectQuietly } from '../inspection/inspect-quietly.js';
import { type QemuCall, qemuCall } from './qemu-call.js';

/** Reads every format that qemu does, by means of qemu-img and, where bytes do not stand verbatim, qemu-nbd. */
export class QemuReader implements DiskReader {
  readonly name = 'qemu';

  async canRead(source: DiskSource, options: ReadOptions): Promise<boolean> {
    await inspectQuietly(source, options);
    return true;
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    return identityOf(await inspectQuietly(source, options));
  }

  async open(source: DiskSource, options: ReadOptions): Promise<DiskImage> {
    expectLockQuestions();
    const image = await inspect(source, options);
    const call: QemuCall = {
      ...qemuCall(this.name, source, options),
      alternative: 'choose --reader libguestfs',
    };
    // What reads is loaded when something is to be read: a run that finds every vector in the cache does without.
    const { openQemuImage } = await import('./qemu-image.js');
    return openQemuImage(image, call);
  }
}
