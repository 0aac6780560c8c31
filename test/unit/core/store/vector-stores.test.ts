import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from '@jest/globals';
import { HashVectorCache, MemoryVectorStore } from '@virt-similarity/core';
import { vectorStoreContract } from '@virt-similarity/testing';

describe('the memory store', () => {
  for (const { title, run } of vectorStoreContract(() => new MemoryVectorStore())) {
    test(title, run);
  }
});

describe('the cache directory', () => {
  const directories: string[] = [];
  const create = async () => {
    directories.push(await mkdtemp(join(tmpdir(), 'vector-store-')));
    return new HashVectorCache(join(directories.at(-1)!, 'similarity-cache'));
  };
  afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

  for (const { title, run } of vectorStoreContract(create)) {
    test(title, run);
  }
});
