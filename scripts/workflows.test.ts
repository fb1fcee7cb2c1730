import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root } from "./tools.mjs";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}
interface Job {
  readonly "runs-on": string;
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: Record<string, unknown[]> };
  readonly container?: { readonly image: string };
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = join(root, ".github/workflows");
const workflows: Record<string, Workflow> = Object.fromEntries(
  readdirSync(folder).map((file) => [file, parse(readFileSync(join(folder, file), "utf8"), { strict: true })]),
);

it("the tests run on three systems, on the oldest Node that is supported and on newer ones", () => {
  const { matrix } = workflows["ci.yml"]!.jobs.test!.strategy!;
  expect(matrix.os).toEqual(["ubuntu-latest", "macos-latest", "windows-latest"]);
  expect(`>=${matrix.node![0]}`).toBe(manifest.engines.node);
  expect(matrix.node).toEqual([20, 22, 24, 26]);
});

it("kernels are built with the release of nvcc that made the committed image", () => {
  const prebuilt = readFileSync(join(root, "packages/backend-cuda/prebuilt/manifest.json"), "utf8");
  const images = Object.values(workflows).flatMap(({ jobs }) =>
    Object.values(jobs).flatMap(({ container }) => (container ? [container.image] : [])),
  );
  expect(images.length).toBeGreaterThan(0);
  for (const image of images) expect(image).toContain(`cuda:${JSON.parse(prebuilt).nvcc}.`);
});

const jobs = Object.entries(workflows).flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([name, job]) => ({ file, name, job })),
);

describe.each(jobs)("$file, job $name", ({ job }) => {
  it("installs by the lock file, with a limit of time and actions of a fixed version", () => {
    const commands = job.steps.flatMap(({ run }) => run?.split("\n") ?? []);
    expect(commands).toContain("npm ci");
    expect(job["timeout-minutes"]).toBeGreaterThan(0);
    for (const { uses } of job.steps) if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
  });

  it("runs commands that package.json has", () => {
    const values = job.steps.flatMap(({ run = "", with: settings = {} }) => [
      run,
      ...Object.values(settings).map(String),
    ]);
    for (const [, name, workspace] of values.join("\n").matchAll(/npm run ([\w:-]+)(?: -w (\S+))?/g)) {
      const { scripts } = workspace
        ? JSON.parse(readFileSync(join(root, workspace, "package.json"), "utf8"))
        : manifest;
      expect(Object.keys(scripts)).toContain(name);
    }
  });
});

it("issue forms ask for something", () => {
  const forms = join(root, ".github/ISSUE_TEMPLATE");
  for (const file of readdirSync(forms).filter((name) => name !== "config.yml")) {
    const form = parse(readFileSync(join(forms, file), "utf8"), { strict: true });
    expect(Object.keys(form)).toEqual(["name", "description", "labels", "body"]);
    const ids = form.body.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  }
});
