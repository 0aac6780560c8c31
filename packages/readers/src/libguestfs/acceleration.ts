import { access, constants } from 'node:fs/promises';

/** How the appliance's processor runs: `default` lets libguestfs choose, `tcg` makes qemu emulate the processor. */
export type Acceleration = 'default' | 'tcg';

const KVM_DEVICE = '/dev/kvm';
const FORCE_TCG = 'force_tcg';

/** Environment variables that control libguestfs and supermin, which builds its appliance. */
const APPLIANCE_VARIABLE = /^(?:LIBGUESTFS|SUPERMIN)_\w+$/;

/**
 * Returns guestfish's environment variables: the variables of `environment` that concern libguestfs and supermin. The
 * user's choice of a backend is kept; the default is `direct`, which needs no libvirt. With `tcg`, `force_tcg` is added
 * to the user's settings of the backend. Reference: guestfs(3), "BACKEND".
 */
export function applianceEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  acceleration: Acceleration,
): Record<string, string> {
  const settings = environment.LIBGUESTFS_BACKEND_SETTINGS || undefined;
  const inherited = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && APPLIANCE_VARIABLE.test(name),
  );
  return {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    LIBGUESTFS_BACKEND: environment.LIBGUESTFS_BACKEND || 'direct',
    ...(acceleration === 'tcg'
      ? { LIBGUESTFS_BACKEND_SETTINGS: settings === undefined ? FORCE_TCG : `${settings}:${FORCE_TCG}` }
      : {}),
  };
}

/**
 * Returns whether libguestfs would use KVM, so that KVM can be the cause of a failed launch: `force_tcg` is not set,
 * and this user can open /dev/kvm.
 */
export async function usesKvm(environment: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  if (environment.LIBGUESTFS_BACKEND_SETTINGS?.split(':').includes(FORCE_TCG)) {
    return false;
  }
  return access(KVM_DEVICE, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}
