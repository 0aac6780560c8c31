async function main() {
  const core = await import('@virt-similarity/core');
  const { default: hashers } = await import('@virt-similarity/hashers');
  const { default: readers } = await import('@virt-similarity/readers');
  const { default: reporters } = await import('@virt-similarity/reporters');
  const { analyse } = await import('./analysis.mjs');
  await analyse(core, { readers, hashers, reporters });
}

void main();
