import type { Flag } from '../options/flags.js';
import { type CompletedCommand, type KnownNames, PROGRAM, quoted, valuesOf } from './completion-model.js';

/** Returns the completion script for zsh; see zshcompsys(1), `_arguments`. */
export function zshCompletion(commands: readonly CompletedCommand[], names: KnownNames): string {
  const others = commands.filter(({ isDefault }) => !isDefault);
  const usual = commands.find(({ isDefault }) => isDefault)!;
  return `#compdef ${PROGRAM}
# zsh completion; generated, see: ${PROGRAM} completion zsh

_virt-similarity_operands() {
  local -a commands=(
${others.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', String.raw`\:`)}`)}\n`).join('')}  )
  _alternative 'commands:command:{ _describe command commands }' 'images:image:_files'
}

_virt-similarity() {
  local command=${usual.name} word
  for word in \${words[2,CURRENT-1]}; do
    case $word in
      (${others.map(({ name }) => name).join('|')})
        command=$word
        break
        ;;
    esac
  done
  case $command in
${commands.map(commandCase).join('')}  esac
}

if [[ $funcstack[1] == _virt-similarity ]]; then
  _virt-similarity "$@"
else
  compdef _virt-similarity ${PROGRAM}
fi
`;

  function commandCase({ name, isDefault, flags, operands }: CompletedCommand): string {
    const words = operands === 'files' ? '_files' : operands === 'none' ? ' ' : `(${operands.join(' ')})`;
    const operandSpecs = isDefault
      ? [quoted('*:image:_virt-similarity_operands')]
      : [quoted(`1:command:(${name})`), quoted(`*:operand:${words}`)];
    const specs = [...flags.flatMap((flag) => specsOf(flag, names)), ...operandSpecs];
    return `    (${name})
      _arguments -s \\
${specs.map((spec) => `        ${spec}`).join(' \\\n')}
      ;;
`;
  }
}

/** Returns the specifications of a flag: one for each form. */
function specsOf({ long, short, takesValue, isRepeated, help, placeholder, completion }: Flag, names: KnownNames) {
  const values = valuesOf(completion, names);
  const action =
    values === undefined
      ? ({ files: '_files', directories: '_files -/' }[completion?.kind as string] ?? ' ')
      : `(${values.join(' ')})`;
  const value = takesValue ? `:${escaped(placeholder)}:${action}` : '';
  const forms = [...(short === undefined ? [] : [short + (takesValue ? '+' : '')]), long + (takesValue ? '=' : '')];
  const others = isRepeated ? '*' : short === undefined ? '' : `(${short} ${long})`;
  return forms.map((form) => quoted(`${others}${form}[${escaped(help)}]${value}`));
}

/** Escapes the characters that `_arguments` interprets in a description or a message. */
function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, '\\$&');
}
