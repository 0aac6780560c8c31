/** A source of logical volumes: `virt-similarity --plugin ./lvm-source.js lvm:VG lvm:VG/LV`. Needs root, as lvs does. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** @import { ImageSource, ListedImage, ListOptions, NamedImages, Plugin } from '@virt-similarity/core' */

/** @implements {ImageSource} */
export class LvmSource {
  /** @param {readonly NamedImages[]} named @param {ListOptions} options @returns {AsyncGenerator<ListedImage>} */
  async *list(named, { signal }) {
    for (const { word, ...stated } of named) {
      const columns = ['--reportformat=json', '--options=lv_path,lv_full_name', '--select=segtype!=thin-pool'];
      // Otherwise lvs warns about files that the shell opened.
      const env = { ...process.env, LVM_SUPPRESS_FD_WARNINGS: '1' };
      const { stdout } = await promisify(execFile)('lvs', [...columns, '--', word], { env, ...(signal && { signal }) });
      for (const { lv_path: path, lv_full_name: label } of JSON.parse(stdout).report[0].lv) {
        yield { path, format: 'raw', label, ...stated };
      }
    }
  }
}

/** @type {Plugin} */
export default { name: 'lvm-source', url: import.meta.url, sources: { lvm: LvmSource } };
