import { DeviceError, stepBytes } from "@convoy/core/backend";
import type { WasmDevice } from "../device/device.js";
import { type OpLaunch, type Program, programWords } from "../program/encode.js";
import type { Job } from "./job.js";

/** Some steps of a run: a job but for the program. */
export type Steps = Pick<Job, "steps" | "stepCount" | "results">;

/** A program in the module's memory. */
export interface LoadedProgram {
  run(steps: Steps): Promise<void>;
  /** Gives its memory back. */
  release(): void;
}

function load({ heap }: WasmDevice, label: string, words: Uint32Array): number {
  const address = heap.allocate(label, words.byteLength);
  new Uint32Array(heap.memory.buffer, address, words.length).set(words);
  return address;
}

/** As one program: a run is one call into the module. */
export function loadWhole(device: WasmDevice, label: string, program: Program): LoadedProgram {
  const { stages, resultCount, stepMicroseconds } = program;
  const address = load(device, label, programWords(stages, resultCount));
  return {
    run: (steps) => device.runner.run({ program: address, ...steps, ...device.scratch, stepMicroseconds }),
    release: () => device.heap.release(address),
  };
}

/** As a program for each launch, so that the error of one that fails names it: for debugging. */
export function loadSeparately(device: WasmDevice, label: string, program: Program): LoadedProgram {
  const { stages, resultCount, stepMicroseconds } = program;
  const launches = stages.flat().map((launch) => ({
    launch,
    address: load(device, `${label}: ${launch.kernel}`, programWords([[launch]], resultCount)),
  }));
  return {
    async run({ steps, stepCount, results }) {
      for (let step = 0; step < stepCount; step++) {
        const row = { steps: steps + step * stepBytes, stepCount: 1, results: results + step * resultCount * 4 };
        for (const { launch, address } of launches) {
          const { state: before } = device.runner;
          try {
            await device.runner.run({ program: address, ...row, ...device.scratch, stepMicroseconds });
          } catch (error) {
            // Neither what failed before nor the end of the backend is this kernel's doing.
            throw before === "sound" && device.runner.state !== "disposed" ? attributed(launch, error) : error;
          }
        }
      }
    },
    release: () => {
      for (const { address } of launches) {
        device.heap.release(address);
      }
    },
  };
}

function attributed({ kernel, op, label }: OpLaunch, cause: unknown): DeviceError {
  const reason = (cause as Error).message.replace(/^wasm: /, "");
  return new DeviceError(`wasm: kernel ${kernel} of ${op} (${label}) failed: ${reason}`, { cause });
}
