import { spawn } from 'node:child_process';

/** The command that opens a URL in the desktop's preferred program; see xdg-open(1). */
const DESKTOP_OPENER = 'xdg-open';
/** The placeholder for the URL in a command of `BROWSER`. */
const URL_PLACE = '%s';

/**
 * Opens a page in a browser if there is a desktop: with a command of `BROWSER`, or with `xdg-open` if `BROWSER` is not
 * set. The commands of `BROWSER` are separated by colons. The first command that can be started is used, and continues
 * after this process ends. No shell interprets the commands.
 *
 * @param note receives the reason if the page is not opened
 */
export async function openInBrowser(
  url: string,
  environment: NodeJS.ProcessEnv,
  note: (text: string) => void,
): Promise<void> {
  const { BROWSER, DISPLAY, WAYLAND_DISPLAY } = environment;
  if (!DISPLAY && !WAYLAND_DISPLAY) {
    note('there is no desktop here; open the page in a browser');
    return;
  }
  const commands = (BROWSER || DESKTOP_OPENER).split(':').filter((command) => command.trim() !== '');
  for (const command of commands) {
    const words = command.trim().split(/\s+/);
    const filled = words.map((word) => word.replaceAll(URL_PLACE, () => url));
    const [program = '', ...options] = command.includes(URL_PLACE) ? filled : [...words, url];
    if (await starts(program, options)) {
      return;
    }
  }
  note(`cannot start ${commands.join(' or ')}; open the page in a browser`);
}

function starts(program: string, options: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, options, { detached: true, stdio: 'ignore' });
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
    child.once('error', () => resolve(false));
  });
}
