import { expect, it, vi } from "vitest";
import { type Dispatch, variantsOf } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";
import { byStyle } from "./byStyle.js";

const target: KernelTarget = {
  style: "tiled",
  maxBindingBytes: 2 ** 27,
  maxBindings: 8,
  maxWorkgroupSize: 256,
  maxWorkgroupBytes: 16_384,
  precision: "float32",
  tunes: true,
};

const variant = (name: string): Dispatch => {
  return { label: "op", variant: name, code: name, bindings: [], usesStep: false, workgroups: [1, 1, 1] };
};

function names(on: KernelTarget): { readonly names: string[]; readonly written: number } {
  const written = vi.fn(variant);
  function* several(kind: string): Iterable<Dispatch> {
    for (let number = 1; number <= 3; number++) {
      yield written(`${kind} ${number}`);
    }
  }
  const dispatch = byStyle(
    {},
    on,
    () => several("tiled"),
    () => several("registers"),
  );
  return { names: variantsOf(dispatch).map(({ variant: name }) => name!), written: written.mock.calls.length };
}

it("tries all tiled variants and one register variant on a GPU", () => {
  expect(names(target).names).toEqual(["tiled 1", "tiled 2", "tiled 3", "registers 1"]);
});

it("tries register variants alone on a software adapter", () => {
  expect(names({ ...target, style: "registers" }).names).toEqual(["registers 1", "registers 2", "registers 3"]);
});

it("writes the code of the first variant alone where nothing is tuned", () => {
  expect(names({ ...target, tunes: false })).toEqual({ names: ["tiled 1"], written: 1 });
});
