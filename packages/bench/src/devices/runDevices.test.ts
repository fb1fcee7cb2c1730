import { type Backend, BackendUnavailableError } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { newerNode, runDevices } from "./runDevices.js";

it("says what is here and what is not, with the remedy", async () => {
  const open = async (name: string): Promise<Backend> => {
    if (name === "cuda") {
      throw new BackendUnavailableError("cuda: no NVIDIA driver.\nInstall it");
    }
    return Object.assign(await reference(), {
      device: { name: "a device", details: { driver: "1.2", software: true } },
    });
  };
  const lines: string[] = [];
  expect(await runDevices(["cuda", "webgpu"], (line) => lines.push(line), open)).toBe(true);
  expect(lines[0]).toContain(process.versions.node);
  expect(lines[1]).toBe("\ncuda: not here\n  no NVIDIA driver. Install it");
  expect(lines[2]).toBe("\nwebgpu: a device\n  driver: 1.2\n  software: true");
});

it("fails where something is broken, and tells what a newer Node would bring", async () => {
  const open = async (): Promise<Backend> => Promise.reject(new TypeError("defect"));
  expect(await runDevices(["wasm"], () => undefined, open)).toBe(false);
  expect(newerNode("20.20.2")).toContain("WASM computes faster from Node 24 on");
  expect(newerNode("26.0.0")).toBeUndefined();
});
