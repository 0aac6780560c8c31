import type { FileIdentity } from '../contracts/hash-vector.js';
import { type FileStatus, fileNumberOf, sameFile } from '../identity/stamp.js';

export function fileIdentityOf(stats: FileStatus): FileIdentity {
  return { ...fileNumberOf(stats), size: stats.size, mtimeNs: stats.mtimeNs };
}

/** Returns whether two identities are equal: the same file, size and time of the last change of content. */
export function sameContent(one: FileIdentity, other: FileIdentity): boolean {
  return sameFile(one, other) && one.size === other.size && one.mtimeNs === other.mtimeNs;
}
