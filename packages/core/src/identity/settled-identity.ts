import type { FileStamp, ImageIdentity } from '../contracts/disk-image.js';
import { fileStampsOf } from './chain.js';

const SECOND = 1_000_000_000n;
/** Nanoseconds: writes within two ticks of the kernel's clock may get the same time. */
const FINE = 20_000_000n;
/** Nanoseconds: the resolution of times in FAT; other file systems with coarse times have a resolution of seconds. */
const COARSE = 2n * SECOND;

/**
 * Returns whether every write to an image from `moment` on changes its files' times. A file that was written just
 * before `moment` may be written again without getting another time, so equal times prove nothing. Git calls such a
 * file racily clean (https://git-scm.com/docs/racy-git). A time in the future proves nothing either.
 *
 * @param moment milliseconds since 1970, from before the image was inspected
 */
export function isSettled(identity: ImageIdentity, moment: number): boolean {
  return fileStampsOf(identity).every((part) =>
    timesOf(part).every((time) => time + granularityOf(part) <= BigInt(moment) * 1_000_000n),
  );
}

function timesOf({ mtimeNs, ctimeNs }: FileStamp): readonly bigint[] {
  return [mtimeNs, ctimeNs];
}

/**
 * Returns the resolution of the file system's times in nanoseconds; assumes a coarse resolution for a ctime of whole
 * seconds.
 */
function granularityOf({ ctimeNs }: FileStamp): bigint {
  return ctimeNs % SECOND === 0n ? COARSE : FINE;
}
