export {
  configureElements,
  elementRowEnd,
  frequentAt,
  frequentOnes,
  inputAt,
  startPartition,
  takeDigests,
} from './elements';
export {
  bitRowEnd,
  blocksAt,
  byteLabelsEnd,
  configure,
  digestsAt,
  endRows,
  labelSlice,
  repeatedAt,
  startSlice,
  startWindow,
  takeRows,
  wideLabelsEnd,
  wideLabelsStart,
} from './labels';
export { commonCountsAt, countTile, equalCountsAt, TILE } from './pairs';
