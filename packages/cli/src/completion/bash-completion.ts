import type { Flag } from '../options/flags.js';
import { type CompletedCommand, type KnownNames, PROGRAM, valuesOf } from './completion-model.js';

/**
 * Returns the completion script for bash 4 or later; see "Programmable Completion" in the manual of bash. The script
 * does not need the package `bash-completion`.
 */
export function bashCompletion(commands: readonly CompletedCommand[], names: KnownNames): string {
  const others = commands.filter(({ isDefault }) => !isDefault).map(({ name }) => name);
  const usual = commands.find(({ isDefault }) => isDefault)!;
  return `# bash completion for ${PROGRAM}; generated, see: ${PROGRAM} completion bash

_virt_similarity() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command=${usual.name} flags operands position
  # bash splits --option=value into three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((position = 1; position < COMP_CWORD; position++)); do
    case \${COMP_WORDS[position]} in
      ${others.join(' | ')})
        command=\${COMP_WORDS[position]}
        break
        ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
${valueCases(commands, names)}  esac
  case $command in
${commands.map(commandCase).join('')}  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
    compopt +o default
  elif [[ $command == ${usual.name} ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$current"; compgen -f -- "$current")
    compopt -o filenames
  elif [[ $operands != FILES ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$current")
    compopt +o default
  fi
}

# Where the function adds no words and keeps the option default, bash completes file names.
complete -o default -F _virt_similarity ${PROGRAM}
`;

  function commandCase({ name, isDefault, flags: own, operands }: CompletedCommand): string {
    const words = isDefault ? others : operands === 'files' ? ['FILES'] : operands === 'none' ? [] : operands;
    return `    ${name})
      flags='${own.map(({ long }) => long).join(' ')}'
      operands='${words.join(' ')}'
      ;;
`;
  }
}

/**
 * Returns the cases of a `case` statement for the values of flags: one case for all flags with the same values. If a
 * flag has the same values in every command that has it, its pattern ignores the command.
 */
function valueCases(commands: readonly CompletedCommand[], names: KnownNames): string {
  const actions = new Map<string, Map<string, string[]>>();
  for (const { name, flags } of commands) {
    for (const { long, short, takesValue, completion } of flags) {
      for (const form of takesValue ? [short, long] : []) {
        if (form !== undefined) {
          const action = actionFor(completion, valuesOf(completion, names));
          const ofForm = actions.get(form) ?? new Map<string, string[]>();
          actions.set(form, ofForm.set(action, [...(ofForm.get(action) ?? []), name]));
        }
      }
    }
  }
  const patterns = new Map<string, string[]>();
  for (const [form, ofForm] of actions) {
    for (const [action, owners] of ofForm) {
      const words = ofForm.size === 1 ? [`*' ${form}'`] : owners.map((owner) => `'${owner} ${form}'`);
      patterns.set(action, [...(patterns.get(action) ?? []), ...words]);
    }
  }
  return [...patterns]
    .map(([action, forms]) => `    ${forms.join(' | ')})\n${action}      return\n      ;;\n`)
    .join('');
}

function actionFor(completion: Flag['completion'], values: readonly string[] | undefined): string {
  if (values !== undefined) {
    return `      mapfile -t COMPREPLY < <(compgen -W '${values.join(' ')}' -- "$current")\n      compopt +o default\n`;
  }
  return completion?.kind === 'files' ? '' : `      compopt ${completion ? '-o dirnames ' : ''}+o default\n`;
}
