import { describe, expect, test } from '@jest/globals';
import reporters from '@virt-similarity/reporters';

describe('the plugin @virt-similarity/reporters', () => {
  test('registers four reporters under different names and extensions', () => {
    const registered = Object.values(reporters.reporters).map((Reporter) => new Reporter());
    expect(Object.keys(reporters.reporters)).toEqual(['ascii', 'newick', 'graphviz', 'json']);
    expect(registered.map(({ extension }) => extension)).toEqual(['.txt', '.nwk', '.dot', '.json']);
  });

  test('has the URL that it can be imported from', async () => {
    expect((await import(reporters.url)).default).toBe(reporters);
  });
});
