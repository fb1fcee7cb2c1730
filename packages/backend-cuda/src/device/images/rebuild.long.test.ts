import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { imageState, rebuildCommand } from "../../testing/imageState.js";

const manifest = JSON.parse(readFileSync(new URL("../../../prebuilt/manifest.json", import.meta.url), "utf8")) as {
  nvcc: string;
};

it("nvcc builds the committed image from the sources", ({ skip }) => {
  const { rebuilt } = imageState("--rebuild");
  skip(rebuilt === undefined, "there is no nvcc, or no way to run it at fixed addresses");
  // Another version gives different assembly.
  skip(rebuilt!.nvcc !== manifest.nvcc, `nvcc is ${rebuilt!.nvcc}, the image was made with ${manifest.nvcc}`);
  expect(rebuilt!.different, `run \`${rebuildCommand}\``).toEqual([]);
});
