/**
 * Clusters a file of distances once with the library. Prints the duration in seconds, the peak memory in bytes, and the
 * sum of the heights.
 */
import { FastClusterer } from '@virt-similarity/core';
import { readDistances } from '../inputs/distances.mjs';

const { path, size, linkage } = JSON.parse(process.argv[2]);
const matrix = await readDistances(path, size);

const start = performance.now();
const { merges } = await new FastClusterer().cluster(matrix, linkage);
const seconds = (performance.now() - start) / 1000;
const sum = merges.reduce((total, { height }) => total + height, 0);
console.log(JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024, sum }));
