// What a report needs besides the contracts: distances and clusters of an analysis, text, Arrow files. Cheap to import.
export { distanceBetween } from './clustering/condensed-matrix.js';
export { type Cut, cutDendrogram, widestGapCut } from './clustering/cut-dendrogram.js';
export { type NearestItems, nearestItems } from './clustering/nearest-items.js';
export { condensedIndex } from './distance/condensed-index.js';
export { escapeSequence, terminalText, UNPRINTABLE } from './terminal-text.js';
export { type ArrowBatch, type ArrowColumn, type ArrowValues, encodeArrowFile } from './vectors/encode-arrow-file.js';
