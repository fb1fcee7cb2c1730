import { expect, it, vi } from "vitest";
import { type Dispatch, waysOf } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/kernel.js";
import { byVariant } from "./byStyle.js";

const target: KernelTarget = {
  variant: "tiled",
  maxBindingBytes: 2 ** 27,
  maxWorkgroupSize: 256,
  maxWorkgroupBytes: 16_384,
  precision: "float32",
  tunes: true,
};

const way = (name: string): Dispatch => {
  return { label: "op", way: name, code: name, bindings: [], usesStep: false, workgroups: [1, 1, 1] };
};

function names(on: KernelTarget): { readonly names: string[]; readonly written: number } {
  const written = vi.fn(way);
  function* several(kind: string): Iterable<Dispatch> {
    for (let number = 1; number <= 3; number++) {
      yield written(`${kind} ${number}`);
    }
  }
  const dispatch = byVariant(
    {},
    on,
    () => several("tiled"),
    () => several("registers"),
  );
  return { names: waysOf(dispatch).map(({ way: name }) => name!), written: written.mock.calls.length };
}

it("tries all tiled ways and one register way on a GPU", () => {
  expect(names(target).names).toEqual(["tiled 1", "tiled 2", "tiled 3", "registers 1"]);
});

it("tries register ways alone on a software adapter", () => {
  expect(names({ ...target, variant: "registers" }).names).toEqual(["registers 1", "registers 2", "registers 3"]);
});

it("writes the code of the first way alone where nothing is tuned", () => {
  expect(names({ ...target, tunes: false })).toEqual({ names: ["tiled 1"], written: 1 });
});
