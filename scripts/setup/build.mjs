import { run, tail } from './command.mjs';

/** Compiles the packages and the tests; what is up to date is left alone. Returns what went wrong, or nothing. */
export function build() {
  const result = run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
  return result.ok ? undefined : `${tail(result.output, 40)}\nthe TypeScript compiler found the errors above`;
}
