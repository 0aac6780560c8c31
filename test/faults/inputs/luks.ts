import { runTool } from '../../fixtures/run-tool.js';

const ATTEMPTS = 10;

/** Options of each format for quick encryption. */
const OPTIONS = {
  luks: 'key-secret=key,iter-time=10',
  qcow2: 'encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10',
} as const;

/** Creates an encrypted disk, in the LUKS format by default. */
export async function createLuks(
  path: string,
  passphrase: string,
  format: keyof typeof OPTIONS = 'luks',
): Promise<void> {
  const secret = ['--object', `secret,id=key,data=${passphrase}`, '-o', OPTIONS[format]];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runTool('qemu-img', ['create', '-q', '-f', format, ...secret, path, '1M']);
      return;
    } catch (error) {
      // qemu-img measures the time of a key derivation, which is sometimes too short for the kernel's clock.
      if (attempt === ATTEMPTS || !String(error).includes('CPU usage')) {
        throw error;
      }
    }
  }
}
