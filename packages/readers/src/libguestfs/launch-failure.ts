import { messageOf, plainText, VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { ToolFailure } from '@virt-similarity/image-tools';
import { ALTERNATIVE, COMPONENT, withoutComponent } from './tools.js';

/** An appliance that did not start. */
export class LaunchFailure extends Error {
  override readonly name = 'LaunchFailure';
  /** Whether it cannot even be built, so that launching it in another way fails too. */
  readonly isUnbuildable: boolean;
  /** The reason with its options apart. */
  readonly wording: Wording;

  constructor(reason: Wording, cause: unknown) {
    super(plainText(reason), { cause });
    this.wording = reason;
    this.isUnbuildable = /supermin/.test(this.message);
  }

  /** The error for the user. */
  toError(): VirtSimilarityError {
    const remedy = this.isUnbuildable
      ? 'it needs a kernel in /boot that this user may read: install linux-image-cloud-amd64'
      : 'libguestfs-test-tool tells more';
    return new VirtSimilarityError(
      'unavailable',
      wording`[${COMPONENT}] the appliance did not start: ${this.wording}; ${remedy}, or ${ALTERNATIVE}`,
      { cause: this.cause },
    );
  }
}

/**
 * What was thrown while an appliance was launched: a launch failure where the appliance itself failed or took too long,
 * otherwise the same. `reason` is what guestfish reported.
 */
export function asLaunchFailure(thrown: unknown, reason: string | undefined): unknown {
  if (thrown instanceof ToolFailure) {
    return new LaunchFailure((reason ?? messageOf(thrown)).replace(/\.$/, ''), thrown);
  }
  if (thrown instanceof VirtSimilarityError && thrown.code === 'unavailable') {
    return new LaunchFailure(withoutComponent(thrown.wording), thrown);
  }
  return thrown;
}
