export default {
  input: 'program.mjs',
  output: { dir: 'out' },
  external: [/^@virt-similarity\//, /^node:/],
};
