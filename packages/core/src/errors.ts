export * from './errors/classify-failure.js';
export * from './errors/did-you-mean.js';
export { excerptOf, messageOf, systemReasonOf } from './errors/thrown-values.js';
export * from './errors/virt-similarity-error.js';
export * from './errors/wording.js';
