import { Command } from "commander";
import { expect, it } from "vitest";
import { addData, type DataRequest, runData } from "./dataCommand.js";

function parse(...options: string[]): DataRequest {
  const found: DataRequest[] = [];
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addData(program, (request) => found.push(request));
  program.parse(["data", ...options], { from: "user" });
  return found[0]!;
}

it("measures every way of streaming, augmenting and decoding", async () => {
  const lines: string[] = [];
  const options = ["--backend", "reference", "--steps", "1", "--rounds", "1", "--images", "4"];
  await runData(parse(...options), (line) => void lines.push(line));
  const text = lines.join("\n");
  for (const row of [
    /^simple on reference +ms a step +times the step$/m,
    /^arrays, on the device +[\d.]+ +1\.000$/m,
    /^arrays, shuffled, streamed +[\d.]+ +[\d.]+$/m,
    /^batches in memory, streamed +[\d.]+ +[\d.]+$/m,
    /^augmented in the step +[\d.]+ +[\d.]+ +-?[\d.]+$/m,
    /^augmented in JavaScript +[\d.]+ +[\d.]+ +-?[\d.]+$/m,
    /^sharp alone +\d+ +100%$/m,
    /^imageDatasetFromDirectory, WebAssembly +\d+ +\d+%$/m,
  ]) {
    expect(text).toMatch(row);
  }
});

it("refuses options out of range", () => {
  expect(() => parse("--rounds", "0")).toThrow("Expected a whole number from 1 up.");
  expect(() => parse("--images", "3")).toThrow("Expected a whole number from 4 up.");
});
