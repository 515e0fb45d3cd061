import { join } from "node:path";

/** The environment of a Nix of our own: a chroot store in `folder`, no daemon, no network, nothing of the machine's or the user's settings. */
export function nixEnvironment(folder: string): Record<string, string> {
  const home = join(folder, "home");
  const settings = {
    "experimental-features": "nix-command flakes",
    // Logical paths stay /nix/store/…, the bytes lie in <folder>/nix/store.
    store: folder,
    // Empty: root builds without nixbld users.
    "build-users-group": "",
    sandbox: "false",
    substituters: "",
    "flake-registry": "/dev/null",
    "use-registries": "false",
    "warn-dirty": "false",
    "accept-flake-config": "false",
    "max-jobs": "2",
    cores: "1",
  };
  return {
    NIX_CONFIG: Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}`)
      .join("\n"),
    // Else /etc/nix/nix.conf and ~/.config/nix are read before NIX_CONFIG.
    NIX_CONF_DIR: join(folder, "conf"),
    HOME: home,
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local/share"),
    // Git refuses a checkout of another user's ("exit code 129" in Nix 2.8): CI clones as one user and tests as root.
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
  };
}
