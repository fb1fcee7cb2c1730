import type { Machine } from "../src/machine.js";

/** What browsers tell beyond the standard's common part. */
interface BrowserDetails {
  /** Gibibytes, rounded to a power of two. */
  readonly deviceMemory?: number;
  readonly userAgentData?: {
    readonly platform: string;
    readonly brands: readonly { brand: string; version: string }[];
  };
}

/** The machine that this page runs on, as far as browsers tell. */
export function thisBrowser(): Machine {
  const { deviceMemory = 0, userAgentData } = navigator as unknown as BrowserDetails;
  const brand = userAgentData?.brands.find(({ brand: name }) => !/not.?a.?brand/i.test(name));
  return {
    cpu: "a browser's processor",
    cores: navigator.hardwareConcurrency,
    quota: null,
    memoryBytes: deviceMemory * 2 ** 30,
    platform: userAgentData?.platform ?? "browser",
    runtime: brand === undefined ? navigator.userAgent : `${brand.brand} ${brand.version}`,
    flags: [],
  };
}
