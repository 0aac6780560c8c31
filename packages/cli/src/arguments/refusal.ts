import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { CommanderError } from '../commander.js';
import { flagsOfCommand, type KnownCommand } from './known-commands.js';

/**
 * Returns the error for words that commander refuses. If the reason is an option of another command, the message names
 * that command and refers to its help. If the reason is an option that no command has, returns `thrown`. For any other
 * reason, the message is commander's, with a reference to the help of the refusing command.
 *
 * @param error the error of commander
 * @param thrown the error that `parseWords` threw: for an unknown option, one that suggests another option or the help
 */
export function refusal(
  error: CommanderError,
  refusing: KnownCommand,
  commands: readonly KnownCommand[],
  thrown: unknown,
): VirtSimilarityError {
  const [, unknown] = /unknown option '([^']+)'/.exec(error.message) ?? [];
  const owner = commands.find((command) =>
    flagsOfCommand(command).some(({ long, short }) => unknown !== undefined && [long, short].includes(unknown)),
  );
  if (owner === undefined && thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const problem =
    owner === undefined
      ? messageOf(error).replace(/^error: |\.$/g, '')
      : `${refusing.name}: unknown option '${unknown}'; it is an option of ${owner.name}`;
  return new VirtSimilarityError('usage', `${problem}; see ${helpOf(owner ?? refusing)}`, { cause: error });
}

function helpOf({ name, isDefault }: KnownCommand): string {
  return isDefault ? 'virt-similarity --help' : `virt-similarity ${name} --help`;
}
