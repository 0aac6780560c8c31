import { messageOf, VirtSimilarityError } from '@virt-similarity/core';
import { ToolFailure } from '@virt-similarity/image-tools';
import { ALTERNATIVE, COMPONENT } from './tools.js';

/** An appliance that did not start. */
export class LaunchFailure extends Error {
  override readonly name = 'LaunchFailure';
  /** Whether it cannot even be built, so that launching it in another way fails too. */
  readonly isUnbuildable: boolean;

  constructor(reason: string, cause: unknown) {
    super(reason, { cause });
    this.isUnbuildable = /supermin/.test(reason);
  }

  /** The error for the user. */
  toError(): VirtSimilarityError {
    const remedy = this.isUnbuildable
      ? 'it needs a kernel in /boot that this user may read: install linux-image-cloud-amd64'
      : 'libguestfs-test-tool tells more';
    return new VirtSimilarityError(
      'unavailable',
      `[${COMPONENT}] the appliance did not start: ${this.message}; ${remedy}, or ${ALTERNATIVE}`,
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
    return new LaunchFailure(thrown.message.replace(`[${COMPONENT}] `, ''), thrown);
  }
  return thrown;
}
