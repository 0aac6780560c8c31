/** The options of `search`, in addition to those for reading and hashing images. */
export const SEARCH_OPTIONS = {
  limit: {
    type: 'number',
    whole: true,
    min: 1,
    max: 1_000_000,
    default: 10,
    placeholder: 'n',
    description: 'show at most this many templates',
  },
  'output-format': {
    type: 'enum',
    short: 'O',
    values: ['text', 'json'],
    default: 'text',
    description: 'print the templates as a table or as JSON',
  },
} as const;
