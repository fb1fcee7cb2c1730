import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelFileError } from "@convoy/core";
import h5wasm from "h5wasm";
import { describe, expect, test } from "vitest";
import { readHdf5 } from "./readHdf5.js";
import { type Hdf5Group, writeHdf5 } from "./writeHdf5.js";

const manyNames = Array.from({ length: 700 }, (_, index) => `layer_${index}`);

/** Groups in groups, one with more entries than a node of its B-tree holds, long and short texts, shapes of all kinds. */
const sample: Hdf5Group = {
  attributes: {
    keras_version: "2.15.0",
    model_config: `{"é": "${"x".repeat(100_000)}"}`,
    layer_names: ["a", "bcd", ""],
    none: [],
  },
  children: {
    many: {
      children: Object.fromEntries(
        manyNames.map((name, index) => [name, { data: Float32Array.of(index), shape: [1] }]),
      ),
    },
    nested: {
      children: { "kernel:0": { data: Float32Array.from({ length: 24 }, (_, i) => i / 3), shape: [2, 3, 4] } },
    },
    scalar: { data: Float32Array.of(-2.5), shape: [] },
    empty: {},
  },
};

describe("what is written", () => {
  const bytes = writeHdf5(sample);

  test("is read back", () => {
    const root = readHdf5(bytes);
    expect(root.names).toEqual(["empty", "many", "nested", "scalar"]);
    expect(root.attribute("keras_version")).toBe("2.15.0");
    expect(root.attribute("model_config")).toBe(sample.attributes!.model_config);
    expect(root.attribute("layer_names")).toEqual(["a", "bcd", ""]);
    expect(root.attribute("none")).toEqual([]);
    expect(root.get("many")!.names).toEqual([...manyNames].sort());
    expect(manyNames.map((name) => root.get(`many/${name}`)!.tensor().data[0])).toEqual(manyNames.map((_, i) => i));
    const kernel = root.get("nested/kernel:0")!;
    expect(kernel.shape).toEqual([2, 3, 4]);
    expect(kernel.tensor().data[23]).toBeCloseTo(23 / 3, 6);
    expect(root.get("scalar")!.tensor()).toEqual({ shape: [], data: Float32Array.of(-2.5) });
    expect(root.get("empty")!.names).toEqual([]);
    expect(root.get("nested/absent")).toBeUndefined();
  });

  test("is read by libhdf5", async () => {
    const { FS } = await h5wasm.ready;
    FS.writeFile("/written.h5", bytes);
    const file = new h5wasm.File("/written.h5", "r");
    expect(file.get_attribute("model_config", false)).toBe(sample.attributes!.model_config);
    expect(file.get_attribute("layer_names", false)).toEqual(["a", "bcd", ""]);
    const many = file.get("many") as InstanceType<typeof h5wasm.Group>;
    expect(many.keys()).toEqual([...manyNames].sort());
    for (const index of [0, 1, 350, 699]) {
      expect((file.get(`many/layer_${index}`) as InstanceType<typeof h5wasm.Dataset>).value).toEqual(
        Float32Array.of(index),
      );
    }
    const kernel = file.get("nested/kernel:0") as InstanceType<typeof h5wasm.Dataset>;
    expect(kernel.shape).toEqual([2, 3, 4]);
    expect(kernel.value).toEqual(Float32Array.from({ length: 24 }, (_, i) => i / 3));
    file.close();
  });

  const python = spawnSync("/usr/bin/python3", ["-c", "import h5py"]).status === 0;
  test.skipIf(!python)(`is read by h5py${python ? "" : ": python3 with h5py is not here"}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "convoy-hdf5-"));
    try {
      const path = join(folder, "written.h5");
      writeFileSync(path, bytes);
      const script =
        "import h5py, sys\nf = h5py.File(sys.argv[1])\n" +
        "print(len(f.attrs['model_config']), [n.decode() if isinstance(n, bytes) else n for n in f.attrs['layer_names']], " +
        "len(f.attrs['none']), sum(f['many'][n][0] for n in f['many']), f['nested/kernel:0'].shape, f['scalar'][()])";
      const { stdout, stderr } = spawnSync("/usr/bin/python3", ["-c", script, path], { encoding: "utf8" });
      expect(stderr).toBe("");
      expect(stdout.trim()).toBe("100009 ['a', 'bcd', ''] 0 244650.0 (2, 3, 4) -2.5");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a list too long for one attribute is cut as Keras cuts it", () => {
    const names = Array.from({ length: 3000 }, (_, index) => `a_layer_with_a_rather_long_name_${index}`);
    const root = readHdf5(writeHdf5({ attributes: { layer_names: names } }));
    expect(root.attributeNames).toEqual(["layer_names0", "layer_names1"]);
    expect([root.attribute("layer_names0"), root.attribute("layer_names1")].flat()).toEqual(names);
  });
});

describe("what libhdf5 writes by other settings", () => {
  test.each([["earliest"], ["v108"], ["v110"], ["latest"]] as const)("version %s", async (libver) => {
    const { FS } = await h5wasm.ready;
    const path = `/made-${libver}.h5`;
    const file = new h5wasm.File(path, "w", { libver: [libver, "latest"], track_order: libver === "v110" });
    const numbers = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));
    for (let index = 0; index < 20; index++) {
      file.create_attribute(`attribute${index}`, `value ${index}`);
      file.create_group(`group${index}`).create_dataset({ name: "x", data: Float32Array.of(index) });
    }
    file.create_dataset({ name: "doubles", data: Float64Array.of(0.1, -1e300), shape: [2] });
    file.create_dataset({ name: "integers", data: Int16Array.of(-3, 4) });
    file.create_dataset({ name: "packed", data: numbers, shape: [20, 30], chunks: [20, 30], compression: 6 });
    if (libver === "earliest") {
      file.create_dataset({ name: "chunks", data: numbers, shape: [20, 30], chunks: [7, 11], compression: 6 });
    }
    file.close();
    const root = readHdf5(FS.readFile(path));
    expect(root.names).toHaveLength(libver === "earliest" ? 24 : 23);
    for (let index = 0; index < 20; index++) {
      expect(root.attribute(`attribute${index}`)).toBe(`value ${index}`);
      expect(root.get(`group${index}/x`)!.tensor().data).toEqual(Float32Array.of(index));
    }
    expect(root.get("doubles")!.tensor().data).toEqual(Float32Array.of(0.1, -Infinity));
    expect(root.get("integers")!.tensor().data).toEqual(Float32Array.of(-3, 4));
    expect(root.get("packed")!.tensor()).toEqual({ shape: [20, 30], data: numbers });
    if (libver === "earliest") {
      expect(root.get("chunks")!.tensor()).toEqual({ shape: [20, 30], data: numbers });
    }
  });
});

test("cut off at any byte, a file is refused or read as far as it goes", () => {
  const bytes = writeHdf5({ attributes: sample.attributes!, children: { nested: sample.children!.nested! } });
  for (let length = 0; length < bytes.length; length += 97) {
    const error = (() => {
      try {
        readHdf5(bytes.subarray(0, length)).get("nested/kernel:0")?.tensor();
        return undefined;
      } catch (caught) {
        return caught;
      }
    })();
    expect(error === undefined || error instanceof ModelFileError).toBe(true);
  }
  expect(() => readHdf5(new Uint8Array(1000))).toThrow(/signature/);
});
