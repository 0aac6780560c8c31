export {
  configureElements,
  elementRowEnd,
  frequentAt,
  frequentOnes,
  inputAt,
  startPartition,
  takeDigests,
} from './elements';
export { bitRowEnd, byteLabelsEnd, startWindow, wideLabelsEnd, wideLabelsStart } from './label-rows';
export {
  blocksAt,
  configure,
  digestsAt,
  endRows,
  labelSlice,
  repeatedAt,
  startSlice,
  takeRows,
} from './labels';
export { commonCountsAt, countTile, equalCountsAt, TILE } from './pairs';
