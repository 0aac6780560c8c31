import { plainText, type VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { readError } from '@virt-similarity/image-tools';
import { ALTERNATIVE, COMPONENT, withoutComponent } from './tools.js';

/** An appliance that ended, or is stuck, while one of its drives was read. Nothing can be read through it any more. */
export class ApplianceEnd extends Error {
  override readonly name = 'ApplianceEnd';
  /** The drive that was being read, counted from 0. */
  readonly drive: number;
  /** The image that the drive shows, as the user named it. */
  readonly image: string;
  /** The reason with its options apart. */
  readonly wording: Wording;

  constructor(drive: number, image: string, reason: Wording, cause?: unknown) {
    const message = withoutComponent(reason);
    super(plainText(message), { cause });
    this.wording = message;
    this.drive = drive;
    this.image = image;
  }

  /** The error for the user, where the drive is at fault. */
  toError(): VirtSimilarityError {
    const happened = wording`the appliance ended unexpectedly, in which it was alone: ${this.wording}`;
    return readError(
      { component: COMPONENT, image: this.image },
      'unavailable',
      wording`${happened}; try again, or ${ALTERNATIVE}`,
      this,
    );
  }
}
