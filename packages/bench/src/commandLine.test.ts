import { CommanderError } from "commander";
import { expect, it } from "vitest";
import { parseCommandLine } from "./commandLine.js";

/** Parses what must not be accepted and returns what is said about it. */
function complaint(...args: string[]): string {
  const said: string[] = [];
  const output = { writeOut: () => undefined, writeErr: (text: string) => void said.push(text) };
  expect(() => parseCommandLine(args, output)).toThrow(CommanderError);
  return said.join("").trim();
}

it("trains the tutorial's network on MNIST with every backend unless told otherwise", () => {
  expect(parseCommandLine([])).toEqual({
    command: "train",
    request: {
      backends: ["cuda", "webgpu", "wasm", "reference"],
      peers: [],
      model: "tutorial",
      batchSizes: [64],
      rounds: 7,
      seed: 0,
      seeds: 1,
    },
  });
});

it("reads every option", () => {
  const args =
    "--backends wasm,reference,wasm --peers pytorch,tfjs-cpu --model simple --dataset synthetic --epochs 5 " +
    "--batch-size 32,64 --train-samples 2000 --seed 7 --seeds 3 --threads 1,2,1 --rounds 0 --time-limit 5 --json out.json";
  expect(parseCommandLine(args.split(" "))).toEqual({
    command: "train",
    json: "out.json",
    request: {
      backends: ["wasm", "reference"],
      peers: ["pytorch", "tfjs-cpu"],
      model: "simple",
      dataset: "synthetic",
      epochs: 5,
      batchSizes: [32, 64],
      trainSamples: 2000,
      timeLimit: 5,
      rounds: 0,
      seed: 7,
      seeds: 3,
      threads: [1, 2],
    },
  });
});

it("reads the options of ops", () => {
  expect(parseCommandLine("ops --backends wasm --filter conv2d --batch-size 32 --json ops.json".split(" "))).toEqual({
    command: "ops",
    json: "ops.json",
    request: { backends: ["wasm"], filter: "conv2d", batchSize: 32 },
  });
});

it("reads the other commands", () => {
  expect(parseCommandLine("ops --grid --html grid.html".split(" "))).toMatchObject({
    html: "grid.html",
    request: { grid: true },
  });
  expect(complaint("ops", "--grid", "--model", "simple")).toContain("cannot be used with option '--model <name>'");
  expect(complaint("ops", "--grid", "--filter", "3x3")).toContain("cannot be used with option '--filter <text>'");
  expect(parseCommandLine(["devices", "--backends", "wasm"])).toEqual({ command: "devices", backends: ["wasm"] });
  expect(parseCommandLine(["compare", "a.json", "b.json"])).toEqual({
    command: "compare",
    files: ["a.json", "b.json"],
  });
  expect(complaint("compare", "a.json")).toContain("error: expected two reports, or --base with a version");
  expect(parseCommandLine(["compare", "--base", "v1", "--head", "main"])).toEqual({
    command: "revisions",
    request: { base: "v1", head: "main", backend: "wasm", model: "simple", batchSize: 64, rounds: 25 },
  });
  expect(parseCommandLine(["report", "a.json", "b.json", "--markdown", "b.md"])).toEqual({
    command: "report",
    files: ["a.json", "b.json"],
    html: "bench.html",
    markdown: "b.md",
  });
  expect(parseCommandLine(["serve"])).toEqual({ command: "serve", port: 8080 });
  expect(complaint("serve", "--port", "70000")).toContain("Expected a whole number from 0 to 65535.");
  expect(complaint("report")).toContain("missing required argument 'reports'");
  expect(complaint("--target-accuracy", "99")).toContain("Expected a share above 0, up to 1, such as 0.99.");
});

/** The backends that a command line asks for. */
const backends = (...args: string[]) => {
  const parsed = parseCommandLine(args);
  return parsed.command === "train" || parsed.command === "ops" ? parsed.request.backends : undefined;
};

it("takes third parties' backends by path and package", () => {
  expect(backends("--backend", "./my-backend.js")).toEqual(["./my-backend.js"]);
  expect(backends("--backend", "./a.js", "--backend", "backend-x#make", "--backend", "./a.js")).toEqual([
    "./a.js",
    "backend-x#make",
  ]);
  expect(backends("--backend", "./a.js", "--backends", "wasm,@scope/backend-x")).toEqual([
    "wasm",
    "@scope/backend-x",
    "./a.js",
  ]);
  expect(backends("ops", "--backends", "reference,../b.js", "--backend", "reference")).toEqual([
    "reference",
    "../b.js",
  ]);
  expect(backends("ops", "--backend", "./a.js", "--filter", "conv2d")).toEqual(["./a.js"]);
  expect(complaint("--backend", " ")).toContain("Expected the path of a file or the name of a package.");
});

it("lists the known names where one is unknown", () => {
  expect(complaint("--backends", "wasm,vulkan")).toBe(
    "error: option '--backends <names>' argument 'wasm,vulkan' is invalid. " +
      'Unknown name "vulkan", expected any of cuda,webgpu,wasm,reference.',
  );
  expect(complaint("--peers", "caffe")).toContain(
    "expected any of tfjs-wasm,tfjs-cpu,tfjs-webgpu,tfjs-node,tfjs-node-gpu,jax-js,onnxruntime-web,onnxruntime-node,pytorch.",
  );
  expect(complaint("--model", "lenet")).toContain("Allowed choices are tutorial, simple, dropout, augmented, lenet5,");
  expect(complaint("--dataset", "cifar")).toContain(
    "Allowed choices are mnist, fashion-mnist, kmnist, cifar10, synthetic.",
  );
  expect(complaint("ops", "--backends", "vulkan")).toContain('Unknown name "vulkan"');
});

it("says what a number may be", () => {
  for (const text of ["0", "1.5", "-1", "many", "1e3", "", "4294967296"]) {
    expect(complaint("--epochs", text)).toContain("Expected a whole number from 1 to 2147483647.");
  }
  expect(complaint("--batch-size", "0")).toContain("'--batch-size <numbers>' argument '0' is invalid");
  expect(complaint("--train-samples", "0")).toContain("Expected a whole number from 1");
  expect(complaint("compare", "--base", "main", "--rounds", "8")).toContain("Expected a whole number from 9 to 1000.");
  expect(complaint("--seed", "-3")).toContain("Expected a whole number from 0 to 4294967295.");
});

it("suggests what an unknown option may have meant", () => {
  expect(complaint("--dateset", "mnist")).toBe("error: unknown option '--dateset'\n(Did you mean --dataset?)");
  expect(complaint("--filter", "conv2d")).toContain("error: unknown option '--filter'");
  expect(complaint("train")).toContain("error:");
});

it("shows help and ends well", () => {
  const shown: string[] = [];
  const output = { writeOut: (text: string) => void shown.push(text), writeErr: () => undefined };
  expect(() => parseCommandLine(["--help"], output)).toThrow(expect.objectContaining({ exitCode: 0 }));
  expect(shown.join("")).toContain("--train-samples");
  expect(shown.join("")).toContain("--backend <module>");
  for (const command of ["ops", "data", "devices", "compare", "serve", "report"]) {
    expect(shown.join("")).toMatch(new RegExp(`^  ${command} \\[options\\]`, "m"));
  }
});
