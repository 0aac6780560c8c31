import type { VirtSimilarityError } from '@virt-similarity/core';
import { readError } from '@virt-similarity/image-tools';
import { ALTERNATIVE, COMPONENT } from './tools.js';

/** An appliance that ended, or is stuck, while one of its drives was read. Nothing can be read through it any more. */
export class ApplianceEnd extends Error {
  override readonly name = 'ApplianceEnd';
  /** The drive that was being read, counted from 0. */
  readonly drive: number;
  /** The image that the drive shows, as the user named it. */
  readonly image: string;

  constructor(drive: number, image: string, reason: string, cause?: unknown) {
    super(reason.replace(`[${COMPONENT}] `, ''), { cause });
    this.drive = drive;
    this.image = image;
  }

  /** The error for the user, where the drive is at fault. */
  toError(): VirtSimilarityError {
    const happened = `the appliance ended unexpectedly, in which it was alone: ${this.message}`;
    return readError(
      { component: COMPONENT, image: this.image },
      'unavailable',
      `${happened}; try again, or ${ALTERNATIVE}`,
      this,
    );
  }
}
