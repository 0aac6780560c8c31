/** The options of `plan`, in addition to those for reading and hashing images. */
export const PLAN_OPTIONS = {
  bases: {
    type: 'enum',
    values: ['auto', 'existing', 'synthetic'],
    default: 'auto',
    description: 'bases to use: existing images, new bases with the blocks that images share, or the better of the two',
  },
  'max-depth': {
    type: 'number',
    whole: true,
    min: 1,
    max: 64,
    default: 4,
    placeholder: 'n',
    description: 'maximum number of backing files below an image',
  },
  'min-saving': {
    type: 'size',
    min: 0,
    default: 0,
    description: 'change an image only if that saves at least this much',
  },
  keep: { type: 'files', placeholder: 'image', description: 'leave this image as it is; it may serve as a base' },
  'only-base': { type: 'files', placeholder: 'image', description: 'use only this image as a base' },
  'group-by': {
    type: 'enum',
    values: ['none', 'directory'],
    default: 'none',
    description: 'use only bases in the same directory as the image',
  },
  'output-format': {
    type: 'enum',
    short: 'O',
    values: ['text', 'json', 'shell'],
    default: 'text',
    description: 'print the plan as a table, as JSON, or as commands for qemu-img',
  },
} as const;
