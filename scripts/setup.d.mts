export interface Program {
  readonly program: string;
  readonly debian: string;
  readonly isStatic?: boolean;
}

export interface SetupFacts {
  /** What npm was asked to run: demo, test. */
  readonly script?: string | undefined;
  readonly isRoot: boolean;
  readonly isDebian: boolean;
  readonly hasPlatform: boolean;
  readonly missing: readonly Program[];
  readonly lockHash: string;
  readonly installedHash?: string | undefined;
}

export interface LockFile {
  readonly packages?: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; readonly optional?: boolean }>
  >;
}

export declare const PROGRAMS: readonly Program[];
export declare function planSetup(
  facts: SetupFacts,
): { readonly problem: string } | { readonly npm: boolean; readonly debian: readonly string[] };
export declare function isInstalledFrom(lock: LockFile, record: LockFile): boolean;
