import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { reference } from "../reference/index.js";
import { randomModel, randomModelCases } from "./index.js";

let precise: Backend;
beforeAll(async () => {
  precise = await reference({ storage: "float64" });
});
afterAll(() => precise.dispose());

describe("random models", () => {
  it.each(randomModelCases(120))("$name trains alike with numbers of double precision", async (test) => {
    await test.run(precise);
  });

  it("use every kind of layer, and are the same for the same number", () => {
    const classes = new Set(
      Array.from({ length: 120 }, (_, seed) => randomModel(seed).model.layers.map(({ className }) => className)).flat(),
    );
    expect(classes.size).toBeGreaterThan(25);
    const text = (seed: number): string => {
      let table = "";
      randomModel(seed).model.summary((printed) => {
        table = printed;
      });
      return table;
    };
    expect(text(5)).toBe(text(5));
    expect(text(5)).not.toBe(text(6));
  });
});
