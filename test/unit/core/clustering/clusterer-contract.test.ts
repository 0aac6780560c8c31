import { describe, test } from '@jest/globals';
import { AutoClusterer, type Clusterer, FastClusterer, MlHclustClusterer } from '@virt-similarity/core';
import { clustererContract } from '@virt-similarity/testing';

const CLUSTERERS: Readonly<Record<string, () => Clusterer>> = {
  MlHclustClusterer: () => new MlHclustClusterer(),
  FastClusterer: () => new FastClusterer(),
  AutoClusterer: () => new AutoClusterer(new MlHclustClusterer(), new FastClusterer()),
};

for (const [name, create] of Object.entries(CLUSTERERS)) {
  describe(`the clusterer contract: ${name}`, () => {
    for (const { title, run } of clustererContract(create)) {
      test(title, run);
    }
  });
}
