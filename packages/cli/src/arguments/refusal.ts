import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { CommanderError } from '../commander.js';
import { flagsOfCommand, type KnownCommand } from './known-commands.js';

/**
 * Returns the error for words that commander refuses. Its message refers to the help of the command. For an option of
 * another command, it names that command and refers to its help. If no command has an unknown option, returns `thrown`.
 *
 * @param thrown the error that `parseWords` threw, which may suggest an option
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
