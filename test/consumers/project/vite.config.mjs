export default {
  build: {
    lib: { entry: 'program.mjs', formats: ['es'], fileName: 'program' },
    outDir: 'out',
    target: 'node20',
    rollupOptions: { external: [/^@virt-similarity\//, /^node:/] },
  },
};
