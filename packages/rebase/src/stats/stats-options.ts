/** The options of `stats`, in addition to those for reading and hashing images. */
export const STATS_OPTIONS = {
  delete: {
    type: 'files',
    placeholder: 'image',
    description: 'show what deleting these images together would free; nothing is deleted',
  },
  'output-format': {
    type: 'enum',
    short: 'O',
    values: ['text', 'json'],
    default: 'text',
    description: 'print tables or JSON',
  },
} as const;
