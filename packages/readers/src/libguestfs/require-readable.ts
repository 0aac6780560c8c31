import { connectNbd, type ErrorContext } from '@virt-similarity/image-tools';

/** Bytes read at a time. */
const STEP_BYTES = 64 * 1024;

/**
 * Reads the `length` bytes at `start` of the export on a socket, to find the position of an error. An appliance does
 * not report the position.
 *
 * @throws as `connectNbd` and `NbdConnection.read`.
 */
export async function requireReadable(
  socketPath: string,
  { start, length }: { readonly start: number; readonly length: number },
  errorContext: ErrorContext,
): Promise<void> {
  const connection = await connectNbd(socketPath, errorContext);
  try {
    const bytes = new Uint8Array(STEP_BYTES);
    for (let position = start; position < start + length; position += STEP_BYTES) {
      await connection.read(bytes.subarray(0, start + length - position), position);
    }
  } finally {
    await connection.close();
  }
}
