import type { FileIdentity } from '../contracts/hash-vector.js';
import { type FileStatus, fileNumberOf, sameFile } from '../identity/stamp.js';

export function fileIdentityOf(stats: FileStatus): FileIdentity {
  return { ...fileNumberOf(stats), size: stats.size, mtimeNs: stats.mtimeNs };
}

/** Returns whether two identities are those of the same file with the same size and time of its content. */
export function sameContent(one: FileIdentity, other: FileIdentity): boolean {
  return sameFile(one, other) && one.size === other.size && one.mtimeNs === other.mtimeNs;
}
