import { access, constants } from 'node:fs/promises';

/** How the appliance's processor is run: `default` leaves it to libguestfs, `tcg` has qemu emulate it. */
export type Acceleration = 'default' | 'tcg';

const KVM_DEVICE = '/dev/kvm';
const FORCE_TCG = 'force_tcg';

/** Variables that control libguestfs and supermin, which builds its appliance. */
const PASSED_ON = /^(?:LIBGUESTFS|SUPERMIN)_\w+$/;

/**
 * The variables that guestfish gets: those of `environment` that concern it. The user's choice of a backend is kept; without
 * one it is `direct`, which needs no libvirt. Reference: guestfs(3), "BACKEND".
 */
export function applianceEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  acceleration: Acceleration,
): Record<string, string> {
  const settings = environment.LIBGUESTFS_BACKEND_SETTINGS || undefined;
  const passedOn = Object.entries(environment).filter(([name, value]) => value !== undefined && PASSED_ON.test(name));
  return {
    ...(Object.fromEntries(passedOn) as Record<string, string>),
    LIBGUESTFS_BACKEND: environment.LIBGUESTFS_BACKEND || 'direct',
    ...(acceleration === 'tcg'
      ? { LIBGUESTFS_BACKEND_SETTINGS: settings === undefined ? FORCE_TCG : `${settings}:${FORCE_TCG}` }
      : {}),
  };
}

/** Whether libguestfs would use KVM, so that a failed launch may be KVM's fault. */
export async function usesKvm(environment: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  if (environment.LIBGUESTFS_BACKEND_SETTINGS?.split(':').includes(FORCE_TCG)) {
    return false;
  }
  return access(KVM_DEVICE, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}
