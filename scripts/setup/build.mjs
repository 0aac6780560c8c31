import { run, tail } from './command.mjs';

/** The build steps. Each skips files that are up to date. */
const STEPS = [
  { arguments: ['scripts/build-assembly.mjs'], compiler: 'AssemblyScript' },
  { arguments: ['node_modules/typescript/bin/tsc', '-b'], compiler: 'TypeScript' },
  { arguments: ['scripts/bundle.mjs'], compiler: 'esbuild' },
];

/** Compiles the packages and the tests. Returns an error message, or nothing on success. */
export function build() {
  for (const step of STEPS) {
    const result = run(process.execPath, step.arguments);
    if (!result.ok) {
      return `${tail(result.output, 40)}\n${step.compiler} reported the errors above`;
    }
  }
  return undefined;
}
