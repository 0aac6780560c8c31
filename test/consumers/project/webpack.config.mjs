export default {
  mode: 'production',
  target: 'node20',
  entry: './program.mjs',
  experiments: { outputModule: true },
  output: { path: `${import.meta.dirname}/out`, filename: 'program.mjs', module: true },
  externals: [/^@virt-similarity\//],
  externalsType: 'module',
};
