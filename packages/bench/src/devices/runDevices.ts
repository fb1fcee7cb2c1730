import type { Backend } from "@convoy/core";
import { isUnavailable } from "../backends/isUnavailable.js";
import { describeMachine } from "../machine.js";
import { note } from "../report/rowText.js";
import { thisMachine } from "../thisMachine.js";

/** A backend that was looked for. */
interface Found {
  readonly choice: string;
  readonly device?: string;
  readonly details?: Backend["device"]["details"];
  /** Why it is not there, with the remedy. */
  readonly reason?: string;
}

/** The Node from which on WASM is as fast as it gets: 20 reaches about 55% of its peak, 22 about 70%. */
const fastNode = 24;

/** Says what is on this machine, what is missing and what a newer Node would bring. False if something broke. */
export async function runDevices(
  choices: readonly string[],
  print: (line: string) => void,
  open: (choice: string) => Promise<Pick<Backend, "device" | "dispose">>,
): Promise<boolean> {
  print(describeMachine(thisMachine()));
  let works = true;
  for (const choice of choices) {
    let found: Found;
    try {
      const backend = await open(choice);
      found = { choice, device: backend.device.name, details: backend.device.details };
      await backend.dispose();
    } catch (error) {
      works &&= isUnavailable(error);
      found = { choice, reason: error instanceof Error ? error.message : String(error) };
    }
    print(describeDevice(found));
  }
  const advice = newerNode(process.versions.node);
  if (advice !== undefined) {
    print(`\n${advice}`);
  }
  return works;
}

function describeDevice({ choice, device, details = {}, reason }: Found): string {
  if (reason !== undefined) {
    return `\n${choice}: not here\n  ${note(choice, reason).slice(choice.length + 2)}`;
  }
  return [`\n${choice}: ${device}`, ...Object.entries(details).map(([key, value]) => `  ${key}: ${value}`)].join("\n");
}

/** What a newer Node would bring; undefined for a new one. */
export function newerNode(version: string): string | undefined {
  return Number.parseInt(version, 10) >= fastNode
    ? undefined
    : `Node ${version}: WASM computes faster from Node ${fastNode} on, where V8 compiles its loops better and has relaxed SIMD ` +
        `(peak of the same kernels: 31 GFLOP/s on Node 20, 40 on 22, 55 to 60 on 24).`;
}
