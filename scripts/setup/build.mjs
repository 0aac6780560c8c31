import { run, tail } from './command.mjs';

/** Each leaves alone what is up to date. */
const STEPS = [
  { arguments: ['scripts/build-assembly.mjs'], compiler: 'AssemblyScript' },
  { arguments: ['node_modules/typescript/bin/tsc', '-b'], compiler: 'TypeScript' },
  { arguments: ['scripts/bundle.mjs'], compiler: 'esbuild' },
];

/** Compiles the packages and the tests. Returns what went wrong, or nothing. */
export function build() {
  for (const step of STEPS) {
    const result = run(process.execPath, step.arguments);
    if (!result.ok) {
      return `${tail(result.output, 40)}\nthe ${step.compiler} compiler found the errors above`;
    }
  }
  return undefined;
}
