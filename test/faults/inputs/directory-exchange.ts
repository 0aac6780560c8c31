import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A Python program that exchanges two paths repeatedly until it is killed. Python is used because Node.js has no
 * renameat2.
 */
const EXCHANGE = `
import ctypes, sys
libc = ctypes.CDLL(None)
one, other = (path.encode() for path in sys.argv[1:3])
if libc.renameat2(-100, one, -100, other, 2) != 0: sys.exit('cannot exchange paths here')
print('started', flush=True)
while True: libc.renameat2(-100, one, -100, other, 2)
`;

/** Calls a function while another process exchanges two paths repeatedly. Afterwards, the paths can be exchanged. */
export async function whileExchanged(one: string, other: string, call: () => Promise<void>): Promise<void> {
  const exchanger = spawn('/usr/bin/python3', ['-c', EXCHANGE, one, other], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(exchanger, 'exit');
  const started = await Promise.race([once(exchanger.stdout, 'data'), ended.then(() => undefined)]);
  if (started === undefined) {
    throw new Error('the paths could not be exchanged');
  }
  try {
    await call();
  } finally {
    exchanger.kill('SIGKILL');
    await ended;
  }
}
