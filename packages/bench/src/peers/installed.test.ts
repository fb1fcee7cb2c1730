import { BackendUnavailableError } from "@convoy/core";
import { expect, it } from "vitest";
import { installed } from "./installed.js";

const failing = (code: string) => async () => {
  throw Object.assign(new Error("Cannot find it"), { code });
};

it("returns what was loaded", async () => {
  expect(await installed(async () => 7, "Seven", "seven")).toBe(7);
});

it.each(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"])("says what to install after %s", async (code) => {
  const loading = installed(failing(code), "jax-js", "@jax-js/jax webgpu");
  await expect(loading).rejects.toThrow(BackendUnavailableError);
  await expect(loading).rejects.toThrow("jax-js is not installed: npm install @jax-js/jax webgpu");
});

it("leaves other errors as they are", async () => {
  await expect(installed(failing("ERR_DLOPEN_FAILED"), "jax-js", "@jax-js/jax")).rejects.toThrow(/^Cannot find it$/);
});
