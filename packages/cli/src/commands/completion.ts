import type { Analyzer } from '@virt-similarity/core';
import { LINKAGES } from '@virt-similarity/core/contracts';
import type { CompletedCommand, KnownNames } from '../completion/completion-model.js';
import { EXIT_DONE } from '../exit-codes.js';
import type { BuiltInCommand, DescribedCommand } from './built-in-command.js';

/** The functions that return the scripts, loaded only if they are needed. */
const SCRIPTS = {
  bash: async () => (await import('../completion/bash-completion.js')).bashCompletion,
  zsh: async () => (await import('../completion/zsh-completion.js')).zshCompletion,
  fish: async () => (await import('../completion/fish-completion.js')).fishCompletion,
};

/** Prints the completion script of a shell, including the names and options of loaded plugins. */
export const completion: BuiltInCommand = {
  name: 'completion',
  summary: 'print the completion script of a shell',
  usage: '[options] bash|zsh|fish',
  description:
    'Prints a script that completes commands, options and their values in bash, zsh or fish, including those of loaded ' +
    'plugins.',
  examples: [
    ['source <(virt-similarity completion bash)', 'complete in this shell; add the line to ~/.bashrc for every shell'],
    ['virt-similarity completion zsh > _virt-similarity', 'complete in zsh, if the working directory is in its fpath'],
    ['virt-similarity completion fish | source', 'complete in this fish shell'],
  ],
  options: {},
  operands: { min: 1, max: 1, values: Object.keys(SCRIPTS) },
  async run({ analyzer, commands, operands: [shell], write }) {
    const script = await SCRIPTS[shell as keyof typeof SCRIPTS]();
    await write([script(commands.map(completedCommand), await knownNames(await analyzer()))]);
    return EXIT_DONE;
  },
};

/** Returns the description of a command for completion scripts, without hidden flags. */
export function completedCommand({ groups, operands, ...command }: DescribedCommand): CompletedCommand {
  const kind = operands?.values ?? (operands?.max === 0 ? 'none' : 'files');
  const flags = groups.flatMap((group) => group.flags.filter(({ isHidden }) => !isHidden));
  return { ...command, flags, operands: kind };
}

/** Returns the names that can be values of options, by kind. */
export async function knownNames({ registrations }: Pick<Analyzer, 'registrations'>): Promise<KnownNames> {
  const { FORMAT_NAMES } = await import('@virt-similarity/readers');
  const of = (kind: string) => registrations.filter((each) => each.kind === kind).map(({ name }) => name);
  return {
    reader: of('reader'),
    hasher: of('hasher'),
    metric: of('metric'),
    clusterer: of('clusterer'),
    reporter: of('reporter'),
    linkage: LINKAGES,
    format: ['auto', 'arrow', ...FORMAT_NAMES],
  };
}
