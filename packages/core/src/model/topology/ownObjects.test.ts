import { describe, expect, it } from "vitest";
import { ArgumentError, ModelFileError } from "../../errors.js";
import * as layers from "../../layers/index.js";
import { defineLayer, type Layer, type LayerContext } from "../../layers/index.js";
import { modelFromTopology, modelTopology, sequential } from "../index.js";
import { expectSame, reload } from "./testing/reloading.js";

describe("objects of one's own", () => {
  function scaling({ by, name }: { readonly by: number; readonly name?: string }): Layer {
    return defineLayer({
      ...{ className: "Scaling", defaultName: "scaling", name, config: { by } },
      parameters: () => [],
      apply: ({ graph, input: x }) => graph.apply("affine", [x], { scale: by, offset: 0 })[0]!,
    });
  }

  const sevens = {
    name: "sevens",
    className: "Sevens",
    config: { digit: 7 },
    draw: (shape: readonly number[]) => new Float32Array(shape[0]! * (shape[1] ?? 1)).fill(7),
  };

  it("come back by customObjects", async () => {
    const made = sequential([
      scaling({ by: 3, name: "thrice" }),
      layers.dense({ units: 2, kernelInitializer: sevens }),
    ]);
    made.build([2]);
    const seen: unknown[] = [];
    const customObjects = {
      Scaling: scaling,
      Sevens: (config: { digit: number }) => {
        seen.push(config);
        return sevens;
      },
    };
    await expectSame(made, reload(made, { customObjects }));
    expect(seen).toEqual([{ digit: 7 }]);
    expect(() => modelFromTopology(modelTopology(made))).toThrow(ModelFileError);
    expect(() => modelFromTopology(modelTopology(made))).toThrow(
      /topology, layer thrice \(Scaling\): unknown layer class "Scaling".*customObjects: { Scaling: /,
    );
  });

  it("that do not say how they are made are named when the model is written", () => {
    const plain = {
      className: "Plain",
      defaultName: "plain",
      parameters: () => [],
      apply: ({ input: x }: LayerContext) => x,
    };
    const unnamed = sequential([layers.flatten({ inputShape: [2] }), defineLayer(plain)]);
    expect(() => modelTopology(unnamed)).toThrow(ArgumentError);
    expect(() => modelTopology(unnamed)).toThrow(/layer plain \(Plain\) has no config, so it cannot be saved/);
    const { config: _, ...nameless } = sevens;
    const initialized = sequential([layers.dense({ units: 2, kernelInitializer: nameless, inputShape: [2] })]);
    expect(() => modelTopology(initialized)).toThrow(
      /layer dense \(Dense\): kernelInitializer "sevens" does not say how it is made/,
    );
    expect(() => modelTopology(layers.flatten())).toThrow(/modelTopology takes a model, got layer flatten/);
  });

  it("a factory that returns no layer is told so", () => {
    const made = sequential([scaling({ by: 3 })]);
    made.build([2]);
    expect(() => modelFromTopology(modelTopology(made), { customObjects: { Scaling: () => ({}) } })).toThrow(
      /customObjects.Scaling returned no layer/,
    );
  });
});
