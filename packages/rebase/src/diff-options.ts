/** The options of `diff`, in addition to those for reading and hashing images. */
export const DIFF_OPTIONS = {
  'output-format': {
    type: 'enum',
    short: 'O',
    values: ['text', 'json', 'csv'],
    default: 'text',
    description: 'print the ranges as a table, as JSON, or as CSV',
  },
} as const;
