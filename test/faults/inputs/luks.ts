import { runTool } from '../../fixtures/run-tool.js';

const ATTEMPTS = 10;

/** Makes an encrypted disk of LUKS's own format. */
export async function createLuks(path: string, passphrase: string): Promise<void> {
  const secret = ['--object', `secret,id=key,data=${passphrase}`, '-o', 'key-secret=key,iter-time=10'];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runTool('qemu-img', ['create', '-q', '-f', 'luks', ...secret, path, '1M']);
      return;
    } catch (error) {
      // qemu-img measures how long a derivation takes, which now and then is too short for the kernel's clock.
      if (attempt === ATTEMPTS || !String(error).includes('CPU usage')) throw error;
    }
  }
}
