/** The options of `apply`. */
export const APPLY_OPTIONS = {
  'dry-run': {
    type: 'boolean',
    description: 'check everything and list the files that would be created, but write nothing',
  },
  resume: { type: 'boolean', description: 'continue where an earlier run was interrupted' },
  rollback: { type: 'boolean', description: 'put every original back and remove the new files' },
  commit: { type: 'boolean', description: 'delete the originals of an applied plan' },
  'accept-format-change': {
    type: 'boolean',
    description: 'also change images that are not qcow2; the definitions of their machines must be changed too',
  },
} as const;
