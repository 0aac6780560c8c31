/** The Node.js binary in its package: the install script that would link it to `.bin` does not run. */
const NODE = `node_modules/node-linux-${process.arch}/bin/node`;
const YARN = 'npx --yes --package=@yarnpkg/cli-dist@4.18.1 yarn';
const CORE_EXTERNAL = ['core', 'hashers', 'readers', 'reporters']
  .map((name) => `-e @virt-similarity/${name}`)
  .join(' ');
const BUNDLED = /if a bundler created this program, keep @virt-similarity\/\* and plugins external/;

/** Returns a step that must print the output of `project/analysis.mjs` for these hashers. */
const analysed = (run, hashers = ['sha256', 'md5', 'blake3', 'xxh128']) => ({
  run,
  stdout: `${hashers.map((name) => `${name}: 1 by threads\n`).join('')}(a.raw:0.5,b.raw:0.5); by threads
0 3000000 3000000 by threads
`,
});

/** Returns the files that Yarn needs, including an empty lock file: in CI, Yarn refuses to create one. */
const yarnFiles = (linker) => ({
  '.yarnrc.yml': `nodeLinker: ${linker}\nenableTelemetry: false\nenableImmutableInstalls: false\n`,
  'yarn.lock': '',
});

/** Returns a step that must fail with a matching error message. */
const refused = (run, stderr) => ({ run, stderr });

/** Returns a trial of a test runner: the contract suites must pass for `plugin.mjs`, and fail if `BROKEN` is set. */
const tested = ({ runner, run, devDependencies = {}, isQuick = false }) => ({
  name: runner,
  isQuick,
  devDependencies,
  files: {
    'plugin.test.mjs': `import { test } from '${runner}';
import { pluginContract, reporterContract } from '@virt-similarity/testing';
import { CountReporter } from './plugin.mjs';
for (const { title, run } of reporterContract(() => new CountReporter())) test(title, run);
for (const { title, run } of pluginContract(new URL('./plugin.mjs', import.meta.url).href)) test(title, run);
`,
  },
  install: 'npm install',
  // Some runners print failures on standard output.
  steps: [{ run }, refused(`BROKEN=1 ${run} >&2`, /expected: every Reporter does not change the analysis/)],
});

/** Steps for an installation without compiled code: sha256 and md5 work, and blake3 names the missing package. */
const WITHOUT_COMPILED_CODE = [
  analysed('node program.mjs sha256 md5', ['sha256', 'md5']),
  refused(
    'node program.mjs blake3',
    /\[blake3\] expected the optional package @napi-rs\/blake-hash with compiled code/,
  ),
];

const node = (version) => ({
  name: `node ${version}`,
  devDependencies: { [`node-linux-${process.arch}`]: version },
  install: 'npm install',
  steps: ['program.mjs', 'importing.cjs', 'requiring.cjs'].map((file) => analysed(`${NODE} ${file}`)),
});

const typescript = (version, isQuick = false) => ({
  name: `typescript ${version}`,
  isQuick,
  devDependencies: { typescript: version, '@types/node': '20.19.43' },
  install: 'npm install',
  steps: ['--module nodenext', '--module esnext --moduleResolution bundler'].flatMap((module) => [
    { run: `tsc --strict --target es2022 ${module} --types node --allowJs --outDir out program.mts` },
    analysed('node out/program.mjs'),
  ]),
});

/** The trials, each in a separate project: the installation and the next steps. `--quick` runs those with `isQuick`. */
export const TRIALS = [
  {
    name: 'npm',
    isQuick: true,
    install: 'npm install',
    steps: [
      analysed('node program.mjs'),
      { run: 'virt-similarity -q --no-cache -O newick a.raw b.raw', stdout: '(a.raw:0.5,b.raw:0.5);\n' },
      { run: 'node readme.mjs', stdout: '10 examples\n' },
    ],
  },
  // Runs the commands of the document in an empty directory. Needs Debian's DendroPy and ape, and the index of Python
  // packages.
  { name: 'tutorial', isQuick: true, document: 'docs/tutorial.md' },
  {
    name: 'commonjs',
    isQuick: true,
    install: 'npm install',
    steps: [analysed('node importing.cjs'), analysed('node requiring.cjs')],
  },
  {
    name: 'no optional packages',
    isQuick: true,
    install: 'npm install --omit=optional',
    steps: [
      ...WITHOUT_COMPILED_CODE,
      refused('node program.mjs xxh128', /\[xxh128\] expected the optional package xxhash-addon with compiled code/),
    ],
  },
  {
    name: 'another platform',
    install: 'npm install --os=linux --cpu=riscv64',
    steps: WITHOUT_COMPILED_CODE,
  },
  {
    name: 'pnpm',
    install: 'npx --yes --package=pnpm@12.21.0 pnpm install',
    steps: [analysed('node program.mjs')],
  },
  {
    name: 'yarn classic',
    install: 'npx --yes --package=yarn@1.22.22 yarn install --non-interactive',
    steps: [analysed('node program.mjs')],
  },
  {
    name: 'yarn with node_modules',
    files: yarnFiles('node-modules'),
    install: `${YARN} install`,
    steps: [analysed('node program.mjs')],
  },
  {
    name: 'yarn with pnp',
    files: yarnFiles('pnp'),
    install: `${YARN} install`,
    steps: [analysed(`${YARN} node program.mjs`)],
  },
  tested({ runner: 'node:test', isQuick: true, run: 'node --test plugin.test.mjs' }),
  tested({ runner: 'vitest', devDependencies: { vitest: '4.1.12' }, run: 'vitest run' }),
  tested({
    runner: '@jest/globals',
    devDependencies: { jest: '30.5.2' },
    run: 'node --experimental-vm-modules node_modules/jest/bin/jest.js --testMatch "**/*.test.mjs"',
  }),
  typescript('7.0.2', true),
  typescript('6.0.3'),
  typescript('5.9.3'),
  typescript('5.4.5'),
  node('20.19.0'),
  node('22.23.3'),
  node('24.21.0'),
  node('26.10.0'),
  {
    name: 'esbuild',
    isQuick: true,
    devDependencies: { esbuild: '0.28.2' },
    install: 'npm install',
    steps: [
      {
        run: 'esbuild program.mjs --bundle --platform=node --format=esm --external:@virt-similarity/* --outfile=out/program.mjs',
      },
      analysed('node out/program.mjs'),
      { run: 'esbuild program.mjs --bundle --platform=node --format=esm --outfile=out/program.mjs' },
      refused('node out/program.mjs', BUNDLED),
    ],
  },
  {
    name: 'rollup',
    devDependencies: { rollup: '4.68.8' },
    install: 'npm install',
    steps: [{ run: 'rollup --config' }, analysed('node out/program.js')],
  },
  {
    name: 'vite',
    devDependencies: { vite: '8.4.0' },
    install: 'npm install',
    steps: [
      { run: 'vite build' },
      analysed('node out/program.js'),
      { run: 'vite build --ssr program.mjs' },
      analysed('node out/program.js'),
    ],
  },
  {
    name: 'webpack',
    devDependencies: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
    install: 'npm install',
    steps: [{ run: 'webpack' }, analysed('node out/program.mjs')],
  },
  {
    name: 'ncc',
    devDependencies: { '@vercel/ncc': '0.45.0' },
    install: 'npm install',
    steps: [
      { run: `ncc build program.mjs -o out ${CORE_EXTERNAL}` },
      analysed('node out/index.mjs'),
      { run: 'ncc build program.mjs -o out' },
      refused('node out/index.mjs', BUNDLED),
    ],
  },
];
