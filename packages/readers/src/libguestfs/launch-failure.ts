import { messageOf, plainText, VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';
import { ToolFailure } from '@virt-similarity/image-tools';
import { KERNEL_PACKAGE } from '../diagnosis.js';
import { ALTERNATIVE, COMPONENT, withoutComponent } from './tools.js';

/** The error of an appliance that did not start. */
export class LaunchFailure extends Error {
  override readonly name = 'LaunchFailure';
  /** Whether the appliance could not even be built, so that every other launch would fail too. */
  readonly isUnbuildable: boolean;
  /** The reason, with its options still separate. */
  readonly wording: Wording;

  constructor(reason: Wording, cause: unknown) {
    super(plainText(reason), { cause });
    this.wording = reason;
    this.isUnbuildable = /supermin/.test(this.message);
  }

  /** Returns the error for the user. */
  toError(): VirtSimilarityError {
    const remedy = this.isUnbuildable
      ? `it needs a kernel in /boot that this user may read: install ${KERNEL_PACKAGE}`
      : 'run libguestfs-test-tool for details';
    return new VirtSimilarityError(
      'unavailable',
      wording`[${COMPONENT}] the appliance did not start: ${this.wording}; ${remedy}, or ${ALTERNATIVE}`,
      { cause: this.cause },
    );
  }
}

/**
 * Maps an error of a launch: to a `LaunchFailure` if the appliance itself failed or took too long, otherwise to itself.
 * `reason` is guestfish's error message, if there is one.
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
