import { beforeAll, describe, expect, it } from "vitest";
import type { Backend, KernelName } from "../backend/index.js";
import { ArgumentError } from "../errors.js";
import { reference } from "../reference/index.js";
import {
  type ConformanceReport,
  conformanceCases,
  formatMatrix,
  type RunOptions,
  runCase,
  runConformance,
  UnexpectedPass,
} from "./index.js";

/** The reference, which refuses some ops; `declared` ones it says it has no kernel for. */
async function lacking(...missing: readonly string[]): Promise<Backend> {
  return await declaring([], ...missing);
}

async function declaring(declared: readonly KernelName[], ...missing: readonly string[]): Promise<Backend> {
  const sound = await reference();
  const supports: Backend["supports"] = (op) => (missing.includes(op.op) ? "not written yet" : sound.supports(op));
  return {
    name: "lacking",
    device: { name: "half a device", details: {} },
    fusions: [],
    unsupportedOps: declared,
    supports,
    createBuffer: (label, spec) => sound.createBuffer(label, spec),
    compile: (plan, buffers) => sound.compile(plan, buffers),
    synchronize: () => sound.synchronize(),
    memory: () => sound.memory(),
    dispose: () => sound.dispose(),
  };
}

const someOps = { only: /^(accuracy|topKAccuracy|softmax|fusedDense|clipByValue): /, levels: ["ops"] } as const;

describe("runConformance", () => {
  let report: ConformanceReport;
  beforeAll(async () => {
    report = await runConformance(() => lacking("topKAccuracy"), someOps);
  });

  it("fails for an op that is refused but not declared as unsupported, with the backend's reason", () => {
    expect(report.passed).toBe(false);
    const failed = report.results.filter(({ status }) => status === "failed");
    expect(new Set(failed.map((result) => result.case.op))).toEqual(new Set(["topKAccuracy"]));
    expect(failed[0]!.message).toMatch(/^topKAccuracy: .*: backend "lacking" cannot run topKAccuracy: not written yet/);
  });

  it("prints a matrix with the failures below it", () => {
    const text = formatMatrix(report);
    expect(text).toMatch(/^lacking on half a device: FAILED, \d+ cases in/);
    expect(text).toMatch(/^op +smoke +ops$/m);
    expect(text).toMatch(/^softmax +- +✓ 12\/12$/m);
    expect(text).toMatch(/^topKAccuracy +- +✗ 0\/11$/m);
    expect(text).toMatch(/^fusedDense \(as its parts\) +- +✓/m);
    expect(text).toMatch(/^ {2}✗ topKAccuracy: sparse, 1 of 67x3: UnsupportedOpError: backend "lacking" cannot run/m);
  });

  it("disposes of the backend in the end, and checks that it stays so", async () => {
    const immortal = async (): Promise<Backend> => ({ ...(await lacking()), dispose: async () => undefined });
    const { results } = await runConformance(immortal, { levels: [] });
    expect(results.map(({ message }) => message)).toEqual([
      expect.stringMatching(/createBuffer after dispose must fail/),
    ]);
  });

  it("gives up on a case that takes too long, and goes on", async () => {
    const stuck = async (): Promise<Backend> => {
      const sound = await lacking();
      const supports: Backend["supports"] = (op) => sound.supports(op);
      let runs = 0;
      return {
        ...sound,
        supports,
        async compile(plan, buffers) {
          const executable = await sound.compile(plan, buffers);
          const hangs = plan.ops.some(({ op }) => op === "clipByValue") && runs++ === 0;
          return {
            run: (steps) => (hangs ? new Promise<never>(() => undefined) : executable.run(steps)),
            dispose: () => executable.dispose(),
          };
        },
      };
    };
    const { results } = await runConformance(stuck, { ...someOps, timeoutMs: 500 });
    const failed = results.filter(({ status }) => status === "failed");
    expect(failed.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^clipByValue: .*not done after 0.5 s$/),
    ]);
  });

  it("reports each case as it ends", async () => {
    const names: string[] = [];
    const { results } = await runConformance(() => lacking(), {
      levels: ["smoke"],
      onResult: (result) => names.push(result.case.name),
    });
    expect(names).toEqual(results.map((result) => result.case.name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("ops that a backend declares as unsupported", () => {
  const declares = () => declaring(["topKAccuracy"], "topKAccuracy");

  it("do not fail the run, and show in their row with the backend's reason", async () => {
    const report = await runConformance(declares, someOps);
    expect(report.passed).toBe(true);
    const found = report.results.filter(({ status }) => status === "unsupported");
    expect(new Set(found.map((result) => result.case.op))).toEqual(new Set(["topKAccuracy"]));
    expect(found[0]!.reason).toBe("not written yet");
    const text = formatMatrix(report);
    expect(text).toMatch(/^topKAccuracy +- +0\/0, 11 unsupported$/m);
    expect(text).toContain("unsupported:\n  not written yet\n    topKAccuracy: ");
  });

  it("let whole trainings that need them go, and fail those that are refused another op", async () => {
    const levels = ["step"] as const;
    const clipping = await runConformance(() => declaring(["clipByNorm"], "clipByNorm"), { levels });
    expect(clipping.results.filter(({ status }) => status === "unsupported").length).toBe(6);
    expect(clipping.passed).toBe(true);
    const other = await runConformance(() => declaring(["topKAccuracy"], "clipByNorm"), { levels });
    expect(other.results.filter(({ status }) => status === "failed").length).toBe(6);
  });

  it("are handed to a test runner's skip", async () => {
    const [candidate] = conformanceCases(someOps).filter(({ op }) => op === "topKAccuracy");
    const reasons: string[] = [];
    await runCase(candidate!, await declares(), (reason) => reasons.push(reason));
    expect(reasons).toEqual(["not written yet"]);
    await expect(runCase(candidate!, await lacking("topKAccuracy"), () => undefined)).rejects.toThrow(/cannot run/);
  });

  it("cannot be skipped as known failures as well", async () => {
    const skips = [{ op: "topKAccuracy", reason: "known" }];
    const report = await runConformance(declares, { ...someOps, skips });
    expect(report.results.filter(({ status }) => status === "unsupported")).toHaveLength(11);
  });
});

describe("skips", () => {
  const reason = "top-k accuracy is not written yet";
  const run = (missing: readonly string[], options: RunOptions) =>
    runConformance(() => lacking(...missing), { ...someOps, ...options });

  it("let a backend pass that fails only what is skipped, and give the reason", async () => {
    const report = await run(["topKAccuracy"], { skips: [{ op: "topKAccuracy", reason }] });
    expect(report.passed).toBe(true);
    const skipped = report.results.filter(({ status }) => status === "skipped");
    expect(skipped).toHaveLength(11);
    expect(skipped.every((result) => result.reason === reason)).toBe(true);
    const text = formatMatrix(report);
    expect(text).toMatch(/^topKAccuracy +- +0\/0, 11 skipped$/m);
    expect(text).toContain(`skipped:\n  ${reason}\n    topKAccuracy: `);
  });

  it("fail the run when a skipped case would pass", async () => {
    const report = await run(["topKAccuracy"], { skips: [{ case: /^topKAccuracy|^accuracy: sparse, 1x1$/, reason }] });
    expect(report.passed).toBe(false);
    const unexpected = report.results.filter(({ status }) => status === "unexpectedly passed");
    expect(unexpected.map((result) => result.case.name)).toEqual(["accuracy: sparse, 1x1"]);
    expect(unexpected[0]!.message).toContain("take it off the list of skips");
    expect(formatMatrix(report)).toMatch(/^accuracy +- +✗ 18\/19$/m);
  });

  it("turn single cases around: they pass by failing", async () => {
    const [candidate] = conformanceCases({ skips: [{ op: "add", reason }] }).filter(({ op }) => op === "add");
    expect(candidate!.skipReason).toBe(reason);
    await candidate!.run(await lacking("add"));
    await expect(candidate!.run(await lacking())).rejects.toThrow(UnexpectedPass);
  });

  it("must match a case and give a reason", () => {
    const withSkips = (skips: RunOptions["skips"] & {}) => () => conformanceCases({ skips });
    expect(withSkips([{ case: "accurracy", reason }])).toThrow(ArgumentError);
    expect(withSkips([{ case: "accurracy", reason }])).toThrow(/the skip of accurracy matches no case/);
    expect(withSkips([{ op: "add", reason: " " }])).toThrow(/the skip of add gives no reason/);
    expect(withSkips([{ reason }])).toThrow(/the skip of nothing matches no case/);
    expect(withSkips([{ op: "add", case: "7", reason }])).not.toThrow();
  });
});
