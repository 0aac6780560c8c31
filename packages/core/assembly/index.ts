export {
  configureElements,
  distinctAt,
  elementRowEnd,
  frequentAt,
  frequentOnes,
  inputAt,
  startPartition,
  takeDigests,
} from './elements';
export { repeatedAt } from './entries';
export { bitRowEnd, byteLabelsEnd, startWindow, wideLabelsEnd, wideLabelsStart } from './label-rows';
export {
  appendLabels,
  blocksAt,
  configure,
  digestsAt,
  labelRows,
  rowsBelow,
  segmentEnd,
  segmentStart,
  startSlice,
  takeRows,
} from './labels';
export { commonCountsAt, countTile, equalCountsAt, TILE } from './pairs';
