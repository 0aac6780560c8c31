import { z } from 'zod/v3';

const COUNT = z.number().int().nonnegative();

/** What `qemu-img map --output=json` prints. */
export const MAP_OUTPUT = z.array(
  z.object({
    start: COUNT,
    length: z.number().int().positive(),
    depth: COUNT,
    zero: z.boolean(),
    data: z.boolean(),
    compressed: z.boolean().optional(),
    offset: COUNT.optional(),
  }),
);

/** What `qemu-img info --output=json` prints, as far as it is used. */
export const INFO_OUTPUT = z.object({
  'virtual-size': COUNT.max(Number.MAX_SAFE_INTEGER),
  'format-specific': z
    .object({
      data: z.object({ extents: z.array(z.object({ filename: z.string(), 'virtual-size': COUNT })).optional() }),
    })
    .optional(),
});
