import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { FORMAT_READERS } from '../../harness/readers.js';
import type { FaultCase, Trial } from '../fault-case.js';
import { ALL_ZERO, COMPRESSED_AND_ZERO, writeGrainBomb, writeSharedL2 } from '../inputs/extent-bombs.js';
import { createQcow2 } from '../inputs/qcow2.js';
import type { Stage } from '../stage.js';

/** The most memory, in bytes, that the command is allowed to use. */
const MOST_MEMORY = 512 * 2 ** 20;

/**
 * Returns a trial that hashes each image alone, then analyzes all images with the good images. Every run must use at
 * most `MOST_MEMORY`.
 */
function boundedTrial(stage: Stage, images: readonly string[]): Trial {
  return {
    commands: [...images.map((image) => stage.hash([image])), stage.analyze(images, { errors: images.length })],
    check: async (ends) => {
      for (const { peakMemory } of ends) {
        assert.ok(peakMemory <= MOST_MEMORY, `${peakMemory} bytes of memory`);
      }
    },
  };
}

/** Small images that describe so many extents that reading them would take too long. */
export const EXTENT_BOMBS: readonly FaultCase[] = [
  {
    number: 77,
    title: 'stops at a qcow2 whose L1 entries all refer to one L2 table',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const [small, large, zeros] = [
        stage.image('small.qcow2'),
        stage.image('large.qcow2'),
        stage.image('zeros.qcow2'),
      ];
      await writeSharedL2(small, 20_000, COMPRESSED_AND_ZERO);
      await writeSharedL2(large, 999_000, COMPRESSED_AND_ZERO);
      await writeSharedL2(zeros, 2_000_000, ALL_ZERO);
      return boundedTrial(stage, [small, large, zeros]);
    },
  },
  {
    number: 78,
    title: 'stops at a VMDK with overlapping grain tables, one table, or one grain',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const [shared, overlapping, distinct] = [
        stage.image('shared.vmdk'),
        stage.image('overlapping.vmdk'),
        stage.image('distinct.vmdk'),
      ];
      await writeGrainBomb(shared, 18_000, 0);
      await writeGrainBomb(overlapping, 1000, 1);
      await writeGrainBomb(distinct, 3700, 4);
      return boundedTrial(stage, [shared, overlapping, distinct]);
    },
  },
  {
    number: 79,
    title: 'stops at an extent bomb that is a backing file, or has a large hole',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const [overlay, sparse] = [stage.image('overlay.qcow2'), stage.image('sparse.vmdk')];
      await writeSharedL2(stage.image('base.qcow2'), 20_000, COMPRESSED_AND_ZERO);
      await createQcow2(overlay, { size: '600M', backing: 'base.qcow2', backingFormat: 'qcow2' });
      await writeGrainBomb(sparse, 1000, 1);
      await truncate(sparse, 256 * 2 ** 20);
      return boundedTrial(stage, [overlay, sparse]);
    },
  },
];
