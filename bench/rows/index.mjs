import { betweenRows } from './between.mjs';
import { clusteringRows, referenceRow } from './clustering.mjs';
import { cachedRow, helpRow } from './command.mjs';
import { duperemoveRows, pairsRow } from './family.mjs';
import { ovaRow, vhdxRow } from './formats.mjs';
import { growthRows } from './growth.mjs';
import { hashingRows } from './hashing.mjs';
import { packedRows } from './packed.mjs';
import { compressedRow, qcow2Rows } from './qcow2.mjs';
import { overlaysRow, thinRow } from './thin.mjs';
import { vectorIndexRows } from './vector-index.mjs';
import { vectorsRow } from './vectors.mjs';

/** All rows, in the order in which they run and appear in the table. */
export const ROWS = [
  ...hashingRows,
  ...qcow2Rows,
  compressedRow,
  ...packedRows,
  ovaRow,
  thinRow,
  vhdxRow,
  overlaysRow,
  ...duperemoveRows,
  pairsRow,
  vectorsRow,
  ...betweenRows,
  ...vectorIndexRows,
  ...growthRows,
  ...clusteringRows,
  referenceRow,
  cachedRow,
  helpRow,
];
