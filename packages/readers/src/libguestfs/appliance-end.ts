import { plainText, type VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { readError } from '@virt-similarity/image-tools';
import { ALTERNATIVE, COMPONENT, withoutComponent } from './tools.js';

/**
 * The error of an appliance that ended or hung while one of its drives was read. No drive can be read through this
 * appliance any longer.
 */
export class ApplianceEnd extends Error {
  override readonly name = 'ApplianceEnd';
  /** Index of the drive that was being read. */
  readonly drive: number;
  /** The image of that drive, as the user named it. */
  readonly image: string;
  /** The reason, with its options still separate. */
  readonly wording: Wording;

  constructor(drive: number, image: string, reason: Wording, cause?: unknown) {
    const message = withoutComponent(reason);
    super(plainText(message), { cause });
    this.wording = message;
    this.drive = drive;
    this.image = image;
  }

  /**
   * Returns the error for the user. Call it only if the appliance had no other drive, so that this drive is at fault.
   */
  toError(): VirtSimilarityError {
    const happened = wording`its appliance, which had no other drive, ended unexpectedly: ${this.wording}`;
    return readError(
      { component: COMPONENT, image: this.image },
      'unavailable',
      wording`${happened}; try again, or ${ALTERNATIVE}`,
      this,
    );
  }
}
