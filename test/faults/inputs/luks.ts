import { runTool } from '../../fixtures/run-tool.js';

const ATTEMPTS = 10;

/** How each format is told to encrypt, quickly. */
const OPTIONS = {
  luks: 'key-secret=key,iter-time=10',
  qcow2: 'encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10',
} as const;

/** Makes an encrypted disk, of LUKS's own format unless told otherwise. */
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
      // qemu-img measures how long a derivation takes, which now and then is too short for the kernel's clock.
      if (attempt === ATTEMPTS || !String(error).includes('CPU usage')) {
        throw error;
      }
    }
  }
}
