/** What the system can run out of before this program has loaded, and the remedy. */
const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: 'allow more open files with ulimit -n',
  ENFILE: 'close other programs, or allow more open files for the whole system',
  ENOMEM: 'close other programs, or allow more memory',
};

/** The message where an error says that the system has run out of something that loading a module takes. */
export function describeExhaustion(error: unknown): string | undefined {
  const remedy = error instanceof Error && 'code' in error ? REMEDIES[String(error.code)] : undefined;
  return remedy && `${(error as Error).message}; ${remedy}`;
}
