/**
 * Colours that people with any colour vision can distinguish (Okabe and Ito 2008), without yellow and with a grey
 * instead of black.
 */
export const CLUSTER_COLORS: readonly string[] = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#e69f00',
  '#5b6b7f',
];
