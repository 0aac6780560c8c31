import type { DiskImage, DiskReader, DiskSource, ImageIdentity, ReadOptions } from '@virt-similarity/core';
import { expectLockQuestions } from '../chain-map/writer-locks.js';
import { IMAGE_EXTENSIONS } from '../inspection/decide-format.js';
import { identityOf } from '../inspection/identity-of.js';
import { inspect } from '../inspection/inspect.js';
import { inspectToChoose, inspectToIdentify } from '../inspection/inspect-quietly.js';
import { vmdkPartsIn } from '../inspection/vmdk-parts.js';
import { qemuCall } from './qemu-call.js';
import { openQemuImage } from './qemu-image.js';

/** Reads every format that qemu does, by means of qemu-img and, where bytes do not stand verbatim, qemu-nbd. */
export class QemuReader implements DiskReader {
  readonly name = 'qemu';
  readonly extensions = IMAGE_EXTENSIONS;
  readonly fallback = true;

  async canRead(source: DiskSource, options: ReadOptions): Promise<boolean> {
    await inspectToChoose(source, options);
    return true;
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    return identityOf(await inspectToIdentify(source, options));
  }

  partsIn(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return vmdkPartsIn(directory, names);
  }

  async open(source: DiskSource, options: ReadOptions): Promise<DiskImage> {
    expectLockQuestions();
    const call = qemuCall({ component: this.name, alternative: 'choose --reader libguestfs' }, source, options);
    return openQemuImage(await inspect(source, options), options, call);
  }
}
