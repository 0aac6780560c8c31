import type { Flag } from '../options/flags.js';
import { type CompletedCommand, type KnownNames, PROGRAM, valuesOf } from './completion-model.js';

/** Returns the completion script for fish; see complete(1) of fish. */
export function fishCompletion(commands: readonly CompletedCommand[], names: KnownNames): string {
  const others = commands.filter(({ isDefault }) => !isDefault);
  const usual = commands.find(({ isDefault }) => isDefault)!;
  const lines = commands.flatMap((command) => [
    ...operandsOf(command),
    ...command.flags.map((flag) => `${completeFor(command.name)}${flagWords(flag, names)} -d ${fishQuoted(flag.help)}`),
  ]);
  return `# fish completion for ${PROGRAM}; generated, see: ${PROGRAM} completion fish

function __virt_similarity_is --argument-names expected
    for word in (commandline -opc)[2..]
        if contains -- $word ${others.map(({ name }) => name).join(' ')}
            test $word = $expected
            return
        end
    end
    test $expected = ${usual.name}
end

${lines.join('\n')}
`;

  function operandsOf({ name, isDefault, operands }: CompletedCommand): string[] {
    if (isDefault) {
      return others.map((other) => `${completeFor(name)} -a ${other.name} -d ${fishQuoted(other.summary)}`);
    }
    if (operands === 'files') {
      return [];
    }
    return [`${completeFor(name)} -f${operands === 'none' ? '' : ` -a '${operands.join(' ')}'`}`];
  }
}

function completeFor(command: string): string {
  return `complete -c ${PROGRAM} -n '__virt_similarity_is ${command}'`;
}

function flagWords({ long, short, takesValue, completion }: Flag, names: KnownNames): string {
  const forms = `${short === undefined ? '' : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`;
  if (!takesValue) {
    return forms;
  }
  const values = valuesOf(completion, names);
  if (values !== undefined) {
    return `${forms} -x -a '${values.join(' ')}'`;
  }
  if (completion?.kind === 'directories') {
    return `${forms} -x -a '(__fish_complete_directories)'`;
  }
  return completion?.kind === 'files' ? `${forms} -r -F` : `${forms} -x`;
}

/** Returns a text in single quotes, in which fish interprets only backslashes and single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
