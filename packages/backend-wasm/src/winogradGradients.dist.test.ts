import { expect, it } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";
import { compareGradients, randomConvolution } from "./testing/randomConvolutions.js";

const { wasm } = await builtPackage();

it("makes the gradients of 3x3 convolutions of random shapes", async () => {
  const backend = await wasm({ threads: 2 });
  try {
    for (let seed = 0; seed < 30; seed++) {
      const convolution = randomConvolution(seed);
      expect(await compareGradients(backend, convolution), convolution.name).toEqual([]);
    }
  } finally {
    await backend.dispose();
  }
});
