import { formatMatrix, type Level, runConformance } from "@convoy/core/conformance";
import { createStore, values } from "idb-keyval";
import { webgpu } from "../index.js";
import { squares, tiny, training } from "./models.js";

/** What a page's run of the conformance kit came to, as the test outside reads it. */
export interface PageReport {
  readonly passed: boolean;
  readonly device: string;
  readonly count: number;
  readonly failures: readonly string[];
  readonly matrix: string;
}

declare global {
  interface Window {
    conformance?: (levels: readonly Level[]) => Promise<PageReport>;
    /** Trains a tuned network; resolves to how many choices IndexedDB holds afterwards. */
    tune?: (database: string) => Promise<number>;
  }
}

window.conformance = async (levels) => {
  const report = await runConformance(() => webgpu(), { levels });
  return {
    passed: report.passed,
    device: report.device,
    count: report.results.length,
    failures: report.failures.map(({ message }) => message ?? ""),
    matrix: formatMatrix(report),
  };
};

window.tune = async (database) => {
  const backend = await webgpu({ autotune: { cache: database } });
  const model = tiny();
  const { images, labels } = squares(16);
  model.compile({ ...training, backend });
  await model.fit(images, labels, { epochs: 1, batchSize: 16, verbose: 0 });
  await backend.dispose();
  const [variants] = await values<Record<string, string>>(createStore(database, "kernels"));
  return Object.keys(variants ?? {}).length;
};
