import type { OptionValues } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import { z } from 'zod';

/** What the configuration file says. */
export interface Configuration {
  /** Where it stands. */
  readonly path: string;
  /** Modules to load, as `--plugin` takes them, but looked for from the file's directory; with options of the plugins. */
  readonly plugins: readonly { readonly module: string; readonly options: OptionValues }[];
  /** Values of options that the command line does not give, by long name without the dashes. */
  readonly defaults: Readonly<Record<string, string | boolean>>;
}

const text = z.string().min(1);

const OPTIONS = z.record(z.string(), z.union([z.boolean(), z.number(), z.string(), z.array(z.string())]));

const SCHEMA = z.strictObject({
  plugins: z.array(z.union([text, z.tuple([text, OPTIONS])])).optional(),
  reader: text.optional(),
  hash: text.optional(),
  'block-size': z.union([text, z.int()]).optional(),
  metric: text.optional(),
  linkage: text.optional(),
  clusterer: text.optional(),
  'output-format': text.optional(),
  cache: z.union([text, z.literal(false)]).optional(),
  jobs: z.int().optional(),
  'plugin-timeout': z.number().optional(),
  'max-virtual-size': z.union([text, z.int()]).optional(),
  'allow-in-use': z.boolean().optional(),
  sandbox: z.boolean().optional(),
});

/**
 * The configuration that the file's JSON value stands for. Values are checked further as options are.
 * Throws a `usage` error that names the file.
 */
export function parseConfiguration(path: string, value: unknown): Configuration {
  const result = SCHEMA.safeParse(value);
  if (!result.success) {
    throw new VirtSimilarityError('usage', `${path}: ${explain(result.error.issues[0])}`);
  }
  const { plugins = [], ...options } = result.data;
  const defaults: Record<string, string | boolean> = {};
  for (const [name, option] of Object.entries(options)) {
    if (option !== undefined) {
      defaults[name] = typeof option === 'boolean' ? option : String(option);
    }
  }
  return {
    path,
    plugins: plugins.map((plugin) => {
      const [module, options] = typeof plugin === 'string' ? [plugin, {}] : plugin;
      return { module, options };
    }),
    defaults,
  };
}

function explain(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    return `unknown key '${key}'${didYouMean(key, Object.keys(SCHEMA.shape))}`;
  }
  return `${issue?.path.join('.') || 'the file'}: ${issue?.message}`;
}
