/** VMware's names of the extents and the change tracking file of a disk: `web-flat.vmdk`, `web-s001.vmdk`. */
const PART_NAME = /^(.+)-(?:[fs]\d{3}|flat|delta|sesparse|rdmp?|(ctk))\.vmdk$/i;

/**
 * Describes a part of a VMDK by its file name: words that follow "it is" or "its name says that it is", and the remedy.
 * Returns `undefined` if parts are not named like this.
 */
export function vmdkPart(name: string): string | undefined {
  const [, disk, changeTracking] = PART_NAME.exec(name) ?? [];
  if (disk === undefined) {
    return undefined;
  }
  const what = changeTracking === undefined ? 'a part of a VMDK' : 'change tracking of a VMDK, without any disk data';
  return `${what}; name the descriptor, usually ${JSON.stringify(`${disk}.vmdk`)}`;
}
